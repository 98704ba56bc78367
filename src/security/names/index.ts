// Names of identities: pure text, so that the mesh's planning may use them without touching keys.

export const spiffeTrustDomain = (mesh: string): string => `spiffe://${mesh}`;

/** What any workload of a mesh begins with. */
export const spiffeTrustDomainPrefix = (mesh: string): string => `spiffe://${mesh}/`;

export const spiffeId = (mesh: string, service: string): string => `spiffe://${mesh}/${service}`;

export const tagUri = (tag: string, value: string): string => `kuma://${tag}/${value}`;

const serviceTag = "kuma.io/service";

/** The URIs of a workload certificate: a SPIFFE id for each service, then a `kuma://` name for each tag, tags sorted (spec/security.md 7.4). */
export function workloadUris(mesh: string, tags: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const services = [...(tags.get(serviceTag) ?? [])].sort().map((it) => spiffeId(mesh, it));
  const names = [...tags].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([tag, values]) => [...values].sort().map((value) => tagUri(tag, value)));
  return [...services, ...names];
}
