// Tables of resources: one layout for all kinds, and those of the kinds that show more.
import { age, type Table } from "../output/table.ts";

export type Json = Readonly<Record<string, unknown>>;

/** An empty object where there is none: documents come from outside. */
export const objectAt = (value: unknown, ...path: readonly string[]): Json => {
  const found = at(value, ...path);
  return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Json) : {};
};
export const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};
export const textAt = (value: unknown, ...path: readonly string[]): string => {
  const found = at(value, ...path);
  return typeof found === "string" ? found : typeof found === "number" ? String(found) : "";
};
export const numberAt = (value: unknown, ...path: readonly string[]): number => Number(at(value, ...path) ?? 0) || 0;

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const part of path) found = typeof found === "object" && found !== null ? (found as Json)[part] : undefined;
  return found;
}

export function resourceTable(kind: { readonly name: string; readonly scope: "Mesh" | "Global" }, items: readonly Json[], now: number): Table {
  const ageOf = (item: Json) => age(textAt(item, "modificationTime"), now);
  if (kind.name === "Mesh") return { header: ["NAME", "mTLS", "LOCALITY", "ZONEEGRESS", "AGE"], rows: items.map((it) => [...meshColumns(it), ageOf(it)]) };
  const addressed = (tagsOf: (item: Json) => string): Table => ({
    header: ["MESH", "NAME", "TAGS", "ADDRESS", "AGE"], rows: items.map((it) => [textAt(it, "mesh"), textAt(it, "name"), tagsOf(it), addressOf(it), ageOf(it)]),
  });
  if (kind.name === "Dataplane") return addressed(dataplaneTags);
  if (kind.name === "ExternalService") return addressed((it) => tagsText([objectAt(it, "tags")]));
  if (kind.scope === "Global") return { header: ["NAME", "AGE"], rows: items.map((it) => [textAt(it, "name"), ageOf(it)]) };
  return { header: ["MESH", "NAME", "AGE"], rows: items.map((it) => [textAt(it, "mesh"), textAt(it, "name"), ageOf(it)]) };
}

function meshColumns(mesh: Json): readonly string[] {
  const enabled = textAt(mesh, "mtls", "enabledBackend");
  const backend = listAt(mesh, "mtls", "backends").find((it) => textAt(it, "name") === enabled);
  const onOff = (...path: readonly string[]) => (at(mesh, ...path) === true ? "on" : "off");
  return [
    textAt(mesh, "name"), enabled && backend ? `${textAt(backend, "type")}/${enabled}` : "off",
    onOff("routing", "localityAwareLoadBalancing"), onOff("routing", "zoneEgress"),
  ];
}

/** The tags of all inbounds, or of the gateway: `service=web version=v1,v2`. */
export function dataplaneTags(dataplane: Json): string {
  const gateway = at(dataplane, "networking", "gateway");
  const tagged = gateway === undefined ? listAt(dataplane, "networking", "inbound") : [gateway];
  return tagsText(tagged.map((holder) => objectAt(holder, "tags")));
}

function tagsText(all: readonly Json[]): string {
  const values = new Map<string, Set<string>>();
  for (const tags of all) {
    for (const [name, value] of Object.entries(tags)) values.set(name, (values.get(name) ?? new Set()).add(String(value)));
  }
  return [...values].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, found]) => `${name}=${[...found].toSorted().join(",")}`).join(" ");
}

const addressOf = (dataplane: Json): string => textAt(dataplane, "networking", "advertisedAddress") || textAt(dataplane, "networking", "address");
