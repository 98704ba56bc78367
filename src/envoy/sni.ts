// The server name a mesh client announces: it tells zone proxies where a connection is meant to go (spec/dataplane.md 5.7).
import { displayName, label, tag } from "#resources";
import type { Destination } from "#mesh";

const kindSuffix: Readonly<Record<string, string>> = { MeshService: "ms", MeshExternalService: "mes", MeshMultiZoneService: "mzms" };

export function sniOf(mesh: string, destination: Destination): string {
  if (destination.is === "service") {
    const { [tag.service]: _service, [tag.mesh]: otherMesh, ...others } = destination.tags;
    const tags = Object.entries({ ...others, mesh: otherMesh ?? mesh });
    const text = tags.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join(",");
    return `${destination.service}{${text}}`;
  }
  const { resource, port } = destination;
  const namespace = resource.labels[label.namespace];
  const name = namespace && resource.type === "MeshService" ? `${displayName(resource)}.${namespace}` : displayName(resource);
  return hashedSni(name, mesh, port.port, kindSuffix[resource.type] ?? "ms");
}

/** What callers with a SPIFFE id announce: the identifier of the destination as a name (spec/multizone.md 4.4). */
export function identitySni(mesh: string, destination: Destination): string {
  if (destination.is === "service") return sniOf(mesh, destination);
  const { resource, kri } = destination;
  const zone = resource.labels[label.zone];
  const namespace = resource.labels[label.namespace];
  return ["sni", kri.shortName, resource.mesh, ...(zone ? [zone, ...(namespace ? [namespace] : [])] : []), displayName(resource), kri.section].join(".");
}

/** `a<fnv1a-64 of "name;mesh;">.<name>.<port>.<mesh>.<kind>`; names over 62 characters are cut and end in `x`. */
export function hashedSni(name: string, mesh: string, port: number, kind: string, extra: Readonly<Record<string, string>> = {}): string {
  const cut = (text: string) => (text.length > 62 ? `${text.slice(0, 62)}x` : text);
  const tags = Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join(",");
  return `a${fnv1a64(`${name};${mesh};${tags}`)}.${cut(name)}.${port}.${cut(mesh)}.${kind}`;
}

/** FNV-1a, 64 bits, as 16 hex digits. */
export function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text, "utf8")) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}
