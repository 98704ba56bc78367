// How a proxy takes part in the mesh's mutual TLS: by the Mesh's own authority, by a MeshIdentity, or not at all. Equal plans are one object.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { CertificateAuthorityBackend_Mode as MtlsMode } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { invalid, violation, type Resource } from "#resources";
import { memoOn } from "../intern.ts";
import type { MeshView } from "../view.ts";
import { assignIdentity, isProblem, trustedDomains, type AssignedIdentity, type WorkloadIdentity } from "./identity.ts";

export interface MeshTlsPlan {
  /** Name of the Mesh's enabled backend; empty when only MeshIdentities give certificates. */
  readonly backend: string;
  /** What inbounds take when no policy says: also plain text. */
  readonly isPermissive: boolean;
  /** Clients ask whether a destination is ready for TLS before they use it. */
  readonly asksReadiness: boolean;
  /** Where the certificate comes from; `name` is that of Envoy's secret. */
  readonly certificate: { readonly from: "mesh" } | { readonly from: "identity" | "spire"; readonly name: string };
  /** Domains of MeshTrusts (the mesh's own among them while it has an authority); empty when only the Mesh's authority is trusted. */
  readonly trustDomains: readonly string[];
}

export interface ProxyTls {
  readonly tls: MeshTlsPlan | undefined;
  readonly identity: WorkloadIdentity | undefined;
}

/** The certificate that a proxy stays with for now, whatever it is assigned: of an identity, or of the Mesh where there is none. */
export interface KeptCertificate {
  readonly identity: WorkloadIdentity | undefined;
}

export type MeshTlsPlanner = (view: MeshView, dataplane: Resource<Dataplane>, keeps?: KeptCertificate) => ProxyTls;

export function meshTlsPlanner(): MeshTlsPlanner {
  const known = new Map<string, WeakRef<MeshTlsPlan>>();
  const intern = (plan: MeshTlsPlan): MeshTlsPlan => {
    const text = JSON.stringify(plan);
    const existing = known.get(text)?.deref();
    if (existing) return existing;
    // With Spire each proxy has a name of its own.
    if (known.size > 10_000) for (const [key, reference] of known) if (!reference.deref()) known.delete(key);
    known.set(text, new WeakRef(plan));
    return plan;
  };
  /** What it is for proxies without an identity, and what those with one have in common. */
  const ofView = memoOn((view: MeshView) => {
    const { mtls } = view.mesh.spec;
    const backend = mtls?.enabledBackend ?? "";
    const isPermissive = backend !== "" && mtls?.backends.find((it) => it.name === backend)?.mode === MtlsMode.PERMISSIVE;
    const domains = [...trustedDomains(view.list("MeshTrust")).keys()];
    const trustDomains = domains.length > 0 && backend ? [...new Set([...domains, view.mesh.name])].toSorted() : domains;
    const tls = backend ? intern({ backend, isPermissive, asksReadiness: isPermissive, certificate: { from: "mesh" }, trustDomains }) : undefined;
    return { backend, isPermissive, trustDomains, withoutIdentity: { identity: undefined, tls } satisfies ProxyTls };
  });
  return (view, dataplane, keeps) => {
    const { backend, isPermissive, trustDomains, withoutIdentity } = ofView(view);
    const identity = keeps ? keeps.identity : usableIdentity(view, dataplane);
    if (!identity) return withoutIdentity;
    const certificate = identity.issuer === "spire" ? { from: "spire" as const, name: identity.spiffeId } : { from: "identity" as const, name: identity.kri };
    return { identity, tls: intern({ backend, isPermissive: false, asksReadiness: backend === "" || isPermissive, certificate, trustDomains }) };
  };
}

/** A proxy whose name cannot be made keeps what it has: plain text is no answer to a mistake in a template. */
function usableIdentity(view: MeshView, dataplane: Resource<Dataplane>): WorkloadIdentity | undefined {
  const assigned = assignIdentity(view.list("MeshIdentity"), dataplane, view.zone);
  if (!assigned || !givesCertificate(view, assigned)) return undefined;
  if (isProblem(assigned)) throw invalid([violation("spec.spiffeID", `MeshIdentity "${assigned.identity}" gives Dataplane "${dataplane.name}" no SPIFFE id: ${assigned.problem}`)]);
  return assigned;
}

/** It was set up, and somebody would accept what it signs. */
export const givesCertificate = (view: MeshView, { issuer, isEstablished }: AssignedIdentity): boolean =>
  isEstablished && issuer !== "nobody" && (issuer === "spire" || trustedDomains(view.list("MeshTrust")).size > 0);
