// Metrics by the names that Kuma's dashboards ask for: measured from outside, where the parts are put together.
import { Counter, Gauge, Histogram, exponentialBuckets } from "prom-client";
import type { ApiAnswer } from "#api";
import type { Platform } from "#platform";
import type { Kinds } from "#resources";
import type { GrpcCall } from "#grpc";
import type { Store } from "#store";
import type { ProxyStatus } from "#xds";

export interface MetricsParts {
  readonly platform: Pick<Platform, "metrics" | "clock">;
  readonly zone: string;
}

export interface ControlPlaneFacts {
  readonly store: Store;
  readonly kinds: Kinds;
  readonly version: string;
  readonly instanceId: string;
  readonly clusterId: () => string;
  readonly xdsStreams: () => number;
  readonly hdsStreams: () => number;
}

export interface ControlPlaneMetrics {
  /** Registers what is counted when somebody looks. */
  describe(facts: ControlPlaneFacts): void;
  measuredStore(store: Store): Store;
  measuredCalls(calls: ReadonlyMap<string, (call: GrpcCall) => void>): ReadonlyMap<string, (call: GrpcCall) => void>;
  measuredStatus<S extends ProxyStatus>(status: S): S;
  /** A proxy's configuration was looked at, and changed or not. */
  generated(spentMs: number, isChanged: boolean): void;
  certificateIssued(mesh: string): void;
  answered(answer: ApiAnswer): void;
}

export function controlPlaneMetrics({ platform: { metrics, clock }, zone }: MetricsParts): ControlPlaneMetrics {
  metrics.setDefaultLabels({ zone });
  const registers = [metrics];
  /** Counted by reference and told when somebody looks: to look labels up would cost more than the message that is counted. */
  const tallies = <L extends string>(name: string, help: string, ...labelNames: L[]) => {
    const all: { readonly labels: Record<L, string>; count: number }[] = [];
    new Counter<L>({
      name, help, labelNames, registers,
      collect() {
        this.reset();
        for (const { labels, count } of all) this.inc(labels, count);
      },
    });
    return (labels: Record<L, string>) => {
      const tally = { labels, count: 0 };
      all.push(tally);
      return tally;
    };
  };
  // The reference's durations are milliseconds in buckets of seconds: sums and counts are what its dashboards divide.
  const histogram = <L extends string>(name: string, help: string, ...labelNames: L[]) => new Histogram({ name, help, labelNames, registers });

  const requests = histogram("api_server_http_request_duration_seconds", "How long requests to the API took", "code", "handler", "method", "service");
  const sizes = new Histogram({ name: "api_server_http_response_size_bytes", help: "Sizes of the API's answers", labelNames: ["code", "handler", "method", "service"], buckets: exponentialBuckets(100, 10, 8), registers });
  const store = histogram("store", "Durations of writes to the store, in seconds; what is read comes from memory", "operation", "resource_type");
  const issued = new Counter({ name: "cert_generation", help: "Certificates issued to proxies", labelNames: ["mesh"], registers });
  const generation = histogram("xds_generation", "Milliseconds it took to make the configuration of a proxy", "proxy_type", "result");
  const delivery = histogram("xds_delivery", "Milliseconds from an answer being sent to its acknowledgement or refusal");
  const sent = tallies("xds_responses_sent", "Discovery answers sent to proxies", "type_url");
  const received = tallies("xds_requests_received", "Acknowledgements and refusals from proxies", "type_url", "confirmation", "error_type");
  const byType = new Map<string, Record<"sent" | "acknowledged" | "rejected", { count: number }>>();
  const ofType = (type_url: string) => {
    const its = byType.get(type_url) ?? {
      sent: sent({ type_url }), acknowledged: received({ type_url, confirmation: "ACK", error_type: "no_error" }), rejected: received({ type_url, confirmation: "NACK", error_type: "invalid_config" }),
    };
    byType.set(type_url, its);
    return its;
  };
  const grpc = { grpc_type: "bidi_stream" };
  const calls = {
    started: tallies("grpc_server_started_total", "Calls started by clients", "grpc_type", "grpc_service", "grpc_method"),
    received: tallies("grpc_server_msg_received_total", "Messages received from clients", "grpc_type", "grpc_service", "grpc_method"),
    sent: tallies("grpc_server_msg_sent_total", "Messages sent to clients", "grpc_type", "grpc_service", "grpc_method"),
  };

  return {
    describe({ store: counted, kinds, version, instanceId, clusterId, xdsStreams, hdsStreams }) {
      const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[], look: (gauge: Gauge<L>) => void) =>
        new Gauge<L>({ name, help, labelNames: [...labelNames], registers, collect() { look(this); } });
      gauge("cp_info", "What this control plane is", ["version", "product", "git_tag", "git_commit", "build_date", "instance_id", "cluster_id"], (it) => {
        it.reset();
        it.set({ version, product: "Kuma", git_tag: version, git_commit: "unknown", build_date: "unknown", instance_id: instanceId, cluster_id: clusterId() }, 1);
      });
      gauge("leader", "1 where this instance leads its zone", [], (it) => it.set(1));
      gauge("resources_count", "Stored resources by type", ["resource_type", "tenant"], (it) => {
        for (const { name } of kinds.all) it.set({ resource_type: name, tenant: "" }, counted.list(name).length);
      });
      gauge("xds_streams_active", "Proxies connected to this instance", [], (it) => it.set(xdsStreams()));
      gauge("hds_streams_active", "Streams of health discovery to this instance", [], (it) => it.set(hdsStreams()));
    },
    measuredStore(inner) {
      const measured = async <T>(operation: string, resource_type: string, write: () => Promise<T>): Promise<T> => {
        const end = store.startTimer({ operation, resource_type });
        try {
          return await write();
        } finally {
          end();
        }
      };
      return {
        get: (key) => inner.get(key),
        list: (type, query) => inner.list(type, query),
        put: (resource, version) => measured(version === 0 ? "create" : "update", resource.type, () => inner.put(resource, version)),
        delete: (key) => measured("delete", key.type, () => inner.delete(key)),
        follow: (onChanges) => inner.follow(onChanges),
        close: () => inner.close(),
      };
    },
    measuredCalls(all) {
      return new Map([...all].map(([path, handle]) => {
        const [, grpc_service = "", grpc_method = ""] = path.split("/");
        const labels = { ...grpc, grpc_service, grpc_method };
        const [callsStarted, messagesReceived, messagesSent] = [calls.started(labels), calls.received(labels), calls.sent(labels)];
        return [path, (call: GrpcCall) => {
          callsStarted.count++;
          handle({
            ...call,
            send(...messages) {
              messagesSent.count += messages.length;
              return call.send(...messages);
            },
            onMessage: (take) => call.onMessage((message) => {
              messagesReceived.count++;
              take(message);
            }),
          });
        }];
      }));
    },
    measuredStatus(status) {
      return {
        ...status,
        connected(...given: Parameters<typeof status.connected>) {
          const inner = status.connected(...given);
          const sentAt = new Map<string, number>();
          const confirmed = (type_url: string, how: "acknowledged" | "rejected") => {
            ofType(type_url)[how].count++;
            const at = sentAt.get(type_url);
            if (at !== undefined) delivery.observe(clock.now() - at);
            sentAt.delete(type_url);
          };
          return {
            ...inner,
            sent(type_url: string) {
              ofType(type_url).sent.count++;
              sentAt.set(type_url, clock.now());
              inner.sent(type_url);
            },
            acknowledged(type_url: string) {
              confirmed(type_url, "acknowledged");
              inner.acknowledged(type_url);
            },
            rejected(type_url: string, reason: string) {
              confirmed(type_url, "rejected");
              inner.rejected(type_url, reason);
            },
          };
        },
      };
    },
    generated: (spentMs, isChanged) => generation.observe({ proxy_type: "dataplane", result: isChanged ? "changed" : "skip" }, spentMs),
    certificateIssued: (mesh) => issued.inc({ mesh }),
    answered({ method, route, status, spentMs, bytes }) {
      const labels = { method, handler: route, code: String(status), service: "" };
      requests.observe(labels, spentMs / 1000);
      sizes.observe(labels, bytes);
    },
  };
}
