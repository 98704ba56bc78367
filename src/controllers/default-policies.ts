// The policies and host name generators that a new mesh, or a new control plane, begins with (spec/api.md 4.2).
import { label, type Labels, type Place, type Unstored } from "#resources";

const wholeMesh = { kind: "Mesh" };

/** Documents of specs by kind; the writer parses them like any other. */
export function defaultPolicies(mesh: string): readonly { readonly type: string; readonly name: string; readonly spec: unknown }[] {
  const attempts = { numRetries: 5, perTryTimeout: "16s", backOff: { baseInterval: "25ms", maxInterval: "250ms" } };
  const to = (conf: object) => [{ targetRef: wholeMesh, default: conf }];
  return [
    {
      type: "MeshTimeout",
      name: `mesh-timeout-all-${mesh}`,
      spec: {
        targetRef: { ...wholeMesh, proxyTypes: ["Sidecar"] },
        to: to({ connectionTimeout: "5s", idleTimeout: "1h0m0s", http: { requestTimeout: "15s", streamIdleTimeout: "30m0s" } }),
        from: to({ connectionTimeout: "10s", idleTimeout: "2h0m0s", http: { requestTimeout: "0s", streamIdleTimeout: "1h0m0s", maxStreamDuration: "0s" } }),
      },
    },
    {
      type: "MeshTimeout",
      name: `mesh-gateways-timeout-all-${mesh}`,
      spec: {
        targetRef: { ...wholeMesh, proxyTypes: ["Gateway"] },
        to: to({ idleTimeout: "1h0m0s", http: { streamIdleTimeout: "5s" } }),
        from: to({ idleTimeout: "5m0s", http: { streamIdleTimeout: "5s", requestHeadersTimeout: "500ms" } }),
      },
    },
    {
      type: "MeshCircuitBreaker",
      name: `mesh-circuit-breaker-all-${mesh}`,
      spec: { targetRef: wholeMesh, to: to({ connectionLimits: { maxConnections: 1024, maxPendingRequests: 1024, maxRetries: 3, maxRequests: 1024 } }) },
    },
    { type: "MeshRetry", name: `mesh-retry-all-${mesh}`, spec: { targetRef: wholeMesh, to: to({ tcp: { maxConnectAttempt: 5 }, http: attempts, grpc: attempts }) } },
  ];
}

type Selector = "meshService" | "meshExternalService" | "meshMultiZoneService";

export function defaultHostnameGenerators(place: Place): readonly Unstored[] {
  const fromGlobal = { [label.origin]: "global" };
  const inKubernetes = (isHeadless: boolean) => ({ "k8s.kuma.io/is-headless-service": String(isHeadless), [label.env]: "kubernetes", ...fromGlobal });
  if (place.mode === "global") {
    const headless = '{{ label "statefulset.kubernetes.io/pod-name" }}.{{ label "k8s.kuma.io/service-name" }}.{{ .Namespace }}.svc.{{ .Zone }}.mesh.local';
    return [
      generator("synced-headless-kube-mesh-service", "meshService", inKubernetes(true), headless),
      generator("synced-kube-mesh-service", "meshService", inKubernetes(false), "{{ .DisplayName }}.{{ .Namespace }}.svc.{{ .Zone }}.mesh.local"),
      generator("synced-mesh-external-service", "meshExternalService", fromGlobal, "{{ .DisplayName }}.extsvc.mesh.local"),
      generator("synced-mesh-multi-zone-service", "meshMultiZoneService", fromGlobal, "{{ .DisplayName }}.mzsvc.mesh.local"),
      generator("synced-universal-mesh-service", "meshService", { [label.env]: "universal", ...fromGlobal }, "{{ .DisplayName }}.svc.{{ .Zone }}.mesh.local"),
    ];
  }
  const fromZone = { [label.origin]: "zone" };
  return [
    generator("local-mesh-external-service", "meshExternalService", fromZone, "{{ .DisplayName }}.extsvc.mesh.local", fromZone),
    ...(place.environment === "universal" ? [generator("local-universal-mesh-service", "meshService", fromZone, "{{ .DisplayName }}.svc.mesh.local", fromZone)] : []),
  ];
}

function generator(name: string, selector: Selector, matchLabels: Labels, template: string, labels: Labels = {}): Unstored {
  return { type: "HostnameGenerator", mesh: "", name, labels, spec: { selector: { [selector]: { matchLabels } }, template } };
}
