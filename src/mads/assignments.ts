// Which targets of a mesh Prometheus is to scrape: a function of the view, computed once per set of proxies and policies (spec/security.md 8).
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { identifyingService, matchPolicies, memoOn, memoOnBoth, meshMetrics, metricLabels, singleRule, type MeshView, type PolicyResource, type RuleTargets } from "#mesh";
import type { Resource, SpecKind } from "#resources";
import { z } from "zod";

export interface Target {
  readonly name: string;
  readonly scheme: "http" | "https";
  /** `ip:port`. */
  readonly address: string;
  readonly metricsPath: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One proxy, with one target. */
export interface Assignment {
  readonly mesh: string;
  readonly service: string;
  readonly target: Target;
}

export interface MeshAssignments {
  /** By client id, from MeshMetric; undefined when no policy of the mesh has a Prometheus backend. */
  readonly byClient: ReadonlyMap<string, readonly Assignment[]> | undefined;
  /** From `metrics` of the Mesh and its Dataplanes. */
  readonly legacy: readonly Assignment[];
}

/** Backends without a client id, and clients that no backend names. */
export const defaultClient = "_kuma-default-client";

const metricConf = z.object({
  backends: z
    .array(z.object({
      type: z.string(),
      prometheus: z.object({ clientId: z.string().optional(), port: z.number(), path: z.string(), tls: z.object({ mode: z.string() }).optional() }).optional(),
    }))
    .optional(),
});

export type AssignmentsOf = (view: MeshView) => MeshAssignments;

/** `kind` is MeshMetric; undefined when it is switched off. */
export function assignments(kind: SpecKind | undefined): AssignmentsOf {
  const fromPolicies = memoOnBoth((dataplanes: readonly Resource[], policies: readonly Resource[]) =>
    memoOn((mesh: Resource<Mesh>) => (kind ? policyAssignments(kind, mesh, dataplanes as readonly Resource<Dataplane>[], policies as readonly PolicyResource[]) : undefined)),
  );
  const fromMesh = memoOnBoth((dataplanes: readonly Resource[], mesh: Resource<Mesh>) => legacyAssignments(mesh, dataplanes as readonly Resource<Dataplane>[]));
  return memoOn((view) => {
    const dataplanes = view.list("Dataplane");
    return { byClient: fromPolicies(dataplanes, view.list("MeshMetric"))(view.mesh), legacy: fromMesh(dataplanes, view.mesh) };
  });
}

function policyAssignments(kind: SpecKind, mesh: Resource<Mesh>, dataplanes: readonly Resource<Dataplane>[], policies: readonly PolicyResource[]) {
  const usesPrometheus = policies.some(({ spec }) => "default" in spec && prometheusBackends(spec.default).length > 0);
  if (!usesPrometheus) return undefined;
  const targets: RuleTargets = { mesh, byKind: (name) => (name === "Mesh" ? [mesh] : name === "Dataplane" ? dataplanes : []) };
  const byClient = new Map<string, Assignment[]>();
  for (const dataplane of dataplanes) {
    const { all } = matchPolicies(kind, policies, dataplane, { targets });
    const backends = new Map(prometheusBackends(singleRule(kind, all)?.conf).map((it) => [it.clientId || defaultClient, it]));
    for (const [client, { port, path, tls }] of backends) {
      const list = byClient.get(client) ?? [];
      byClient.set(client, list);
      list.push(assignment(mesh.name, dataplane, { scheme: tls?.mode === "ProvidedTLS" ? "https" : "http", port, path, labels: {} }));
    }
  }
  return byClient;
}

/** The Prometheus backends of a MeshMetric's conf. */
function prometheusBackends(conf: unknown) {
  const parsed = metricConf.safeParse(conf);
  return parsed.success ? (parsed.data.backends ?? []).flatMap(({ type, prometheus }) => (type === "Prometheus" && prometheus ? [prometheus] : [])) : [];
}

function legacyAssignments(mesh: Resource<Mesh>, dataplanes: readonly Resource<Dataplane>[]): readonly Assignment[] {
  return dataplanes.flatMap((dataplane): Assignment[] => {
    const conf = meshMetrics(mesh, dataplane);
    if (!conf) return [];
    return [assignment(mesh.name, dataplane, { scheme: conf.tls === "providedTLS" ? "https" : "http", port: conf.port, path: conf.path, labels: metricLabels(dataplane) })];
  });
}

interface Place {
  readonly scheme: "http" | "https";
  readonly port: number;
  readonly path: string;
  readonly labels: Readonly<Record<string, string>>;
}

function assignment(mesh: string, dataplane: Resource<Dataplane>, { scheme, port, path, labels }: Place): Assignment {
  const networking = dataplane.spec.networking;
  const ip = networking?.advertisedAddress || networking?.address || "";
  const isBuiltin = networking?.gateway?.type === GatewayType.BUILTIN;
  return {
    mesh, service: identifyingService(dataplane),
    target: { name: dataplane.name, scheme, address: `${ip.includes(":") ? `[${ip}]` : ip}:${port}`, metricsPath: path, labels: isBuiltin && Object.keys(labels).length > 0 ? { ...labels, kuma_io_mesh_gateway: "" } : labels },
  };
}
