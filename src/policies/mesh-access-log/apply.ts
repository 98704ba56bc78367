// MeshAccessLog on Envoy: loggers at every listener that a policy speaks of (spec/dataplane.md 6.2).
import { collectorCluster, collectThrough, type EnvoyPolicy, type ListenerDraft, type ProxyFacts, type RouteDraft } from "#envoy";
import type { AccessLog, AccessLogFilter } from "#gen/envoy/config/accesslog/v3/accesslog_pb.js";
import type { Destination, InboundConf, OutboundConf } from "#mesh";
import { displayName } from "#resources";
import { accessLogFacts, type AccessLogFacts } from "./facts.ts";
import { nameRoute, ofCallers, ofNoRoute, ofRoute, rememberRoutes } from "./filters.ts";
import type { LineContext, LineKind } from "./format.ts";
import type { AccessLogConf } from "./kind.ts";
import { loggers } from "./loggers.ts";

const kind = "MeshAccessLog";

export const meshAccessLogApply: EnvoyPolicy = {
  kind,
  facts: accessLogFacts,
  outboundRoute(draft) {
    const name = ownName(draft);
    if (name !== undefined) nameRoute(draft, name);
  },
  outboundListener(listener, conf, { target, facts }) {
    const known = factsIn(facts);
    if (!known) return;
    const context = contextOf(known, { sourceService: known.service, destinationService: serviceOf(target.destination), direction: "OUTBOUND" });
    // Services named by tags have no routes with a name of their own.
    const filter = target.destination.is === "resource" && target.traffic.is === "http" ? ofNoRoute() : undefined;
    log(listener, [{ conf: outboundConf(conf), filter }, ...routeLogs(listener)], known, context);
  },
  inboundListener(listener, conf, { facts }) {
    const known = factsIn(facts);
    if (!known) return;
    const context = contextOf(known, { sourceService: "unknown", destinationService: known.service, direction: "INBOUND" });
    // Filters on the name that a caller asked for need it read before TLS ends.
    if (conf?.rules.some((it) => it.match?.sni)) listener.needsTlsInspector = true;
    log(listener, inboundLogs(conf), known, context);
  },
  passthroughListener(listener, conf, { facts }) {
    const known = factsIn(facts);
    if (!known) return;
    const context = contextOf(known, { sourceService: known.service, destinationService: "external", direction: "OUTBOUND" });
    log(listener, [{ conf: outboundConf(conf) }], known, context, "passthrough");
  },
  besides(facts, plan, drafts) {
    for (const [name, place] of (facts as AccessLogFacts).clusters) {
      drafts.clusters.push(collectorCluster(name, place, plan));
      if (place.by === "kuma-dp") collectThrough(drafts.collectors, place, "logs");
    }
  },
};

const factsIn = (facts: ReadonlyMap<string, ProxyFacts> | undefined): AccessLogFacts | undefined => facts?.get(kind) as AccessLogFacts | undefined;
const outboundConf = (conf: OutboundConf | undefined): AccessLogConf => (conf?.value ?? {}) as AccessLogConf;
const serviceOf = (destination: Destination): string => (destination.is === "service" ? destination.service : displayName(destination.resource));

function contextOf(facts: AccessLogFacts, its: Pick<LineContext, "sourceService" | "destinationService" | "direction">): LineContext {
  const { address, addressWithPort, mesh, zone, workload } = facts;
  return { ...its, sourceAddress: address, sourceAddressWithPort: addressWithPort, mesh, zone, workload };
}

interface Log {
  readonly conf: AccessLogConf;
  readonly filter?: AccessLogFilter | undefined;
}

const inboundLogs = (conf: InboundConf | undefined): readonly Log[] => (conf?.rules ?? []).map((rule) => ({ conf: rule.conf as AccessLogConf, filter: ofCallers(rule.match) }));

/** Identifier of a route for which a policy says something; the unified name counts its rule without a second `_`. */
function ownName({ message, ownConfs }: RouteDraft): string | undefined {
  return ownConfs?.has(kind) ? message.name.replace(/_rule_(\d+)$/, "_rule$1") : undefined;
}

/** Of each route that has loggers of its own, once, whatever its number of matches. */
function routeLogs(listener: ListenerDraft): readonly Log[] {
  const byName = new Map<string, Log>();
  for (const { terminal } of listener.chains) {
    if (terminal.is !== "http") continue;
    for (const route of terminal.http.routes) {
      const name = ownName(route);
      if (name !== undefined) byName.set(name, { conf: outboundConf(route.ownConfs?.get(kind)), filter: ofRoute(name) });
    }
    if (byName.size > 0) rememberRoutes(terminal.http);
  }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => it);
}

function log(listener: ListenerDraft, logs: readonly Log[], facts: AccessLogFacts, context: LineContext, lines?: LineKind): void {
  const made = (as: LineKind): AccessLog[] => logs.flatMap(({ conf, filter }) => loggers(conf.backends ?? [], { kind: lines ?? as, context, facts }, filter));
  for (const { terminal } of listener.chains) {
    if (terminal.is === "http") terminal.http.message.accessLog.push(...made("http"));
    if (terminal.is === "tcp") terminal.proxy.accessLog.push(...made("tcp"));
  }
}
