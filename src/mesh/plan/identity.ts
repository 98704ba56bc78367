// Which MeshIdentity names a proxy, and which trust domains the mesh accepts (spec/security.md 7.7, 7.8).
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { displayName, durationMs, formatKri, label, type Labels, type Resource } from "#resources";
import { parseTemplate, renderTemplate, type MeshIdentity, type MeshTrust } from "#resources/kinds";
import { memoOn } from "../intern.ts";

export interface WorkloadIdentity {
  /** Of the MeshIdentity. */
  readonly name: string;
  /** Identifier of the MeshIdentity: Envoy knows the certificate by it. */
  readonly kri: string;
  readonly trustDomain: string;
  readonly spiffeId: string;
  /** Who gives the proxy its certificate; `nobody` when only names are given. */
  readonly issuer: "controlPlane" | "spire" | "nobody";
  /** A certificate can be had: the MeshIdentity was set up. */
  readonly isEstablished: boolean;
  /** How long Envoy waits for the agent. */
  readonly agentTimeoutMs: number;
}

export interface IdentityProblem extends Pick<WorkloadIdentity, "issuer" | "isEstablished"> {
  readonly identity: string;
  readonly problem: string;
}

export type AssignedIdentity = WorkloadIdentity | IdentityProblem;

export const defaultTrustDomain = "{{ .Mesh }}.{{ .Zone }}.mesh.local";
export const defaultPath = "/workload/{{ .Workload }}";

const labelsOf = ({ spec }: MeshIdentity): Labels | undefined => spec.selector?.dataplane && (spec.selector.dataplane.matchLabels ?? {});

/** Those that select anything, the most specific first; of equals the smallest name. */
const inOrder = memoOn((identities: readonly Resource[]): readonly MeshIdentity[] =>
  (identities as readonly MeshIdentity[])
    .filter((it) => labelsOf(it) !== undefined)
    .toSorted((a, b) => Object.keys(labelsOf(b) ?? {}).length - Object.keys(labelsOf(a) ?? {}).length || (a.name < b.name ? -1 : 1)),
);

const selecting = (identities: readonly Resource[], labels: Labels): MeshIdentity | undefined =>
  inOrder(identities).find((it) => Object.entries(labelsOf(it) ?? {}).every(([key, value]) => labels[key] === value));

/** The MeshIdentity that names a proxy by its workload; undefined when none does. */
export function workloadIdentity(identities: readonly Resource[], labels: Labels): { readonly name: string; readonly path: string } | undefined {
  const chosen = selecting(identities, labels);
  if (!chosen) return undefined;
  const path = chosen.spec.spiffeID?.path || defaultPath;
  const parsed = parseTemplate(path);
  const usesWorkload = "parts" in parsed && parsed.parts.some((it) => (it.is === "field" && it.name === "Workload") || (it.is === "label" && it.key === label.workload));
  return usesWorkload ? { name: chosen.name, path } : undefined;
}

/** The identity of a proxy among those of its mesh; undefined when none selects it. */
export function assignIdentity(identities: readonly Resource[], dataplane: Resource<Dataplane>, zone: string): AssignedIdentity | undefined {
  const chosen = selecting(identities, dataplane.labels);
  if (!chosen) return undefined;
  const facts = { issuer: issuerOf(chosen), isEstablished: isEstablished(chosen) };
  const problem = (text: string): IdentityProblem => ({ ...facts, identity: chosen.name, problem: text });
  const domain = trustDomainOf(chosen, zone, dataplane.labels);
  if ("error" in domain) return problem(domain.error);
  const workload = dataplane.labels[label.workload] ?? "";
  const path = renderTemplate(chosen.spec.spiffeID?.path || defaultPath, {
    fields: { Workload: workload, Namespace: dataplane.labels[label.namespace] ?? "", ServiceAccount: dataplane.labels["k8s.kuma.io/service-account"] ?? "" },
    label: (key) => dataplane.labels[key],
  });
  if ("error" in path) return problem(path.error);
  const spiffeId = `spiffe://${domain.text}${path.text}`;
  if (path.text.endsWith("/")) return problem(`"${spiffeId}" is no SPIFFE id; does the Dataplane have the label ${label.workload}?`);
  return {
    ...facts, name: chosen.name, kri: kriOfIdentity(chosen), trustDomain: domain.text, spiffeId,
    agentTimeoutMs: durationMs(chosen.spec.provider?.spire?.agent?.timeout) ?? 1000,
  };
}

export const isProblem = (assigned: AssignedIdentity | undefined): assigned is IdentityProblem => assigned !== undefined && "problem" in assigned;

/** The domain of a MeshIdentity; labels are those of a proxy, where the template asks for any. */
export function trustDomainOf(identity: MeshIdentity, localZone: string, labels: Labels = {}): { readonly text: string } | { readonly error: string } {
  const zone = identity.labels[label.zone] || localZone;
  return renderTemplate(identity.spec.spiffeID?.trustDomain || defaultTrustDomain, { fields: { Mesh: identity.mesh, Zone: zone }, label: (key) => labels[key] });
}

export function kriOfIdentity(identity: Resource): string {
  const { labels, mesh } = identity;
  return formatKri({ shortName: "mid", mesh, zone: labels[label.zone] ?? "", namespace: labels[label.namespace] ?? "", name: displayName(identity), section: "" });
}

export function kriOfTrust(trust: Resource): string {
  const { labels, mesh } = trust;
  return formatKri({ shortName: "mtrust", mesh, zone: labels[label.zone] ?? "", namespace: labels[label.namespace] ?? "", name: displayName(trust), section: "" });
}

const issuers = { Bundled: "controlPlane", Spire: "spire", Extension: "nobody" } as const;
const issuerOf = ({ spec }: MeshIdentity): WorkloadIdentity["issuer"] => (spec.provider ? issuers[spec.provider.type] : "nobody");

/** Also one whose authority is out of reach for the moment: proxies must not fall back to plain text because a file was moved. */
function isEstablished({ status }: MeshIdentity): boolean {
  const isTrue = (type: string) => status?.conditions?.some((it) => it.type === type && it.status === "True") === true;
  return isTrue("Ready") || isTrue("MeshTrustCreated");
}

/** PEM by trust domain, domains sorted; what several MeshTrusts say of one domain is joined. */
export const trustedDomains = memoOn((trusts: readonly Resource[]): ReadonlyMap<string, string> => {
  const byDomain = new Map<string, string[]>();
  for (const { spec } of (trusts as readonly MeshTrust[]).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const pems = byDomain.get(spec.trustDomain) ?? [];
    byDomain.set(spec.trustDomain, [...pems, ...spec.caBundles.flatMap((it) => (it.pem ? [it.pem.value.trim()] : []))]);
  }
  return new Map([...byDomain].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([domain, pems]) => [domain, `${[...new Set(pems)].join("\n")}\n`]));
});
