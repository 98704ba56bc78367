// What the control plane knows of each local MeshService: state, identities, TLS, counts of proxies (spec/multizone.md 4.5, dataplane.md 10).
import { isDeepStrictEqual } from "node:util";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Part } from "#platform";
import { label, type Resource } from "#resources";
import type { MeshService, MeshServiceSpec, MeshServiceStatus } from "#resources/kinds";
import { changesFacts, factsOf } from "./proxy-insight.ts";
import { byMesh, react, type ControllerParts, type Decision } from "./reaction.ts";
import { selectedDataplanes, servesAll, servicesOf } from "./selected-dataplanes.ts";

export interface ProxyIdentity {
  readonly spiffeId: string;
  /** It has its certificate's authority, and its trust domain is among the trusted ones. */
  readonly isTrusted: boolean;
}

export interface MeshServiceStatusOptions extends ControllerParts {
  /** What a MeshIdentity gives a Dataplane; absent while there are no MeshIdentities. Cheap: asked for each Dataplane in each pass. */
  readonly identityOf?: (dataplane: Resource<Dataplane>) => ProxyIdentity | undefined;
  /** SPIFFE ids that proxies still show, whatever they are assigned: callers go on to accept them. */
  readonly shownIds?: {
    of(mesh: string, dataplane: string): readonly string[];
    follow(listener: (mesh: string) => void): () => void;
  };
}

/** Runs on the leader of a zone. */
export function keepMeshServiceStatus(options: MeshServiceStatusOptions): Part {
  const { store, shownIds } = options;
  const kinds = ["Dataplane", "DataplaneInsight", "MeshService", "MeshIdentity", "MeshTrust"];
  return react({
    ...options,
    ...(shownIds ? { follow: (touch) => shownIds.follow(touch) } : {}),
    name: "mesh-service-status",
    gapMs: 150,
    ...byMesh(store, kinds, [], (change) => change.key.type !== "DataplaneInsight" || changesFacts(change)),
    decide: (name) =>
      decideStatus({
        ...options,
        mesh: store.get({ type: "Mesh", mesh: "", name }) as Resource<Mesh> | undefined,
        services: store.list("MeshService", { mesh: name }) as readonly MeshService[],
        dataplanes: () => store.list("Dataplane", { mesh: name }) as readonly Resource<Dataplane>[],
        insightOf: (dataplane) => store.get({ type: "DataplaneInsight", mesh: name, name: dataplane }),
        hasIdentities: store.list("MeshIdentity", { mesh: name }).length > 0,
      }),
  });
}

export interface StatusView extends Pick<MeshServiceStatusOptions, "identityOf" | "shownIds"> {
  readonly mesh: Resource<Mesh> | undefined;
  readonly services: readonly MeshService[];
  /** Asked for only where there are services to describe. */
  readonly dataplanes: () => readonly Resource<Dataplane>[];
  readonly insightOf: (dataplane: string) => Resource | undefined;
  readonly hasIdentities: boolean;
}

const isLocal = ({ labels }: Resource): boolean => (labels[label.origin] ?? "zone") === "zone";

export function decideStatus(view: StatusView): Decision {
  if (!view.mesh) return { writes: [], nextAt: Infinity };
  const writes = view.services.filter(isLocal).flatMap((service) => {
    const next = (current: MeshService) => {
      const changed = described(current, view);
      return isDeepStrictEqual(changed.spec, current.spec) && isDeepStrictEqual(changed.status, current.status) ? undefined : changed;
    };
    return next(service) ? [{ is: "update", key: service, change: (current: Resource | undefined) => current && next(current as MeshService) } as const] : [];
  });
  return { writes, nextAt: Infinity };
}

function described(service: MeshService, view: StatusView): MeshService {
  const selected = selectedDataplanes(view.dataplanes(), service.spec.selector);
  const facts = selected.map((it) => factsOf(view.insightOf(it.name)));
  const healthy = selected.filter((it) => servesAll(it, service.spec)).length;
  const connected = facts.filter((it) => it.isConnected).length;
  const identities = identitiesOf(selected, view);
  const { identities: _, ...spec } = service.spec;
  // Others may have written first: then only their part is there.
  const before: Partial<MeshServiceStatus> = service.status ?? {};
  const isReady = isTlsReady(before.tls?.status === "Ready", selected, facts, view);
  const status: MeshServiceStatus = {
    ...service.status,
    tls: { status: isReady ? "Ready" : "NotReady" },
    dataplaneProxies: { ...(connected > 0 ? { connected } : {}), ...(healthy > 0 ? { healthy } : {}), ...(selected.length > 0 ? { total: selected.length } : {}) },
  };
  return { ...service, spec: { ...spec, state: healthy > 0 ? "Available" : "Unavailable", ...(identities.length > 0 ? { identities } : {}) }, status };
}

function identitiesOf(selected: readonly Resource<Dataplane>[], { identityOf, shownIds }: StatusView): NonNullable<MeshServiceSpec["identities"]> {
  const services = [...new Set(selected.flatMap(servicesOf))].toSorted();
  const spiffeIds = [...new Set(selected.flatMap((it) => [identityOf?.(it)?.spiffeId ?? [], shownIds?.of(it.mesh, it.name) ?? []].flat()))].toSorted();
  return [...services.map((value) => ({ type: "ServiceTag" as const, value })), ...spiffeIds.map((value) => ({ type: "SpiffeID" as const, value }))];
}

/** Once ready it stays so while the mesh has any TLS: a new proxy that has no certificate yet must not turn it off for all. */
function isTlsReady(wasReady: boolean, selected: readonly Resource<Dataplane>[], facts: readonly { readonly issuedBackend: string }[], { mesh, hasIdentities, identityOf }: StatusView): boolean {
  const hasMtls = Boolean(mesh?.spec.mtls?.enabledBackend);
  if (!hasMtls && !hasIdentities) return false;
  if (wasReady) return true;
  if (selected.length === 0) return false;
  return hasMtls ? facts.every((it) => it.issuedBackend !== "") : selected.every((it) => identityOf?.(it)?.isTrusted === true);
}
