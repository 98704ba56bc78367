// Reading the conformance data: fixtures as resources, expectations as plain values.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { loadAll } from "js-yaml";
import { policyKinds } from "#policies/kinds";
import { displayName, formatKri, kriOf, type Kind, type Labels, type PolicySpec, type Resource } from "#resources";
import type { RuleTargets } from "../../src/mesh/rules/resolve.ts";
import type { PolicyResource } from "../../src/mesh/rules/policies.ts";

/** The data is handed out beside the repository, never copied into it. */
export const dataFolder = join(dirname(fileURLToPath(import.meta.url)), "../../../shared/conformance");

export interface Outcome {
  readonly folder: string;
  readonly name: string;
  readonly ok: boolean;
  /** Why not; empty when ok. */
  readonly message: string;
}

/** One case: `check` gives what we computed beside what is expected. */
export interface Case {
  readonly folder: string;
  readonly name: string;
  readonly check: () => { readonly actual: unknown; readonly expected: unknown };
}

export function runCases(cases: readonly Case[]): Outcome[] {
  return cases.map(({ folder, name, check }) => {
    try {
      const { actual, expected } = check();
      const [ours, theirs] = [canonical(actual), canonical(expected)];
      return { folder, name, ok: ours === theirs, message: ours === theirs ? "" : `computed ${ours}\nexpected ${theirs}` };
    } catch (error) {
      return { folder, name, ok: false, message: String(error) };
    }
  });
}

/** JSON with sorted keys, without absent fields. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, it: unknown) => (isJsonObject(it) ? Object.fromEntries(Object.entries(it).toSorted(([a], [b]) => (a < b ? -1 : 1))) : it), 1);

export const isJsonObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);

export const hasData = (): boolean => {
  if (existsSync(dataFolder)) return true;
  console.warn(`conformance data is not at ${dataFolder}: its cases are skipped`);
  return false;
};

export const filesOf = (folder: string, suffix: string): readonly string[] =>
  existsSync(join(dataFolder, folder)) ? readdirSync(join(dataFolder, folder)).filter((file) => file.endsWith(suffix)).toSorted() : [];

/** Documents of a YAML file; a repeated key takes its last value, as the reference's parser does. */
export function documents(file: string): readonly JsonObject[] {
  return loadAll(readFileSync(join(dataFolder, file), "utf8"), null, { json: true }).filter(isJsonObject);
}

export const document = (file: string): JsonObject => documents(file)[0] ?? {};

/** Labels that a resource gets where it is made. */
export type Labelling = (type: string, name: string, labels: Labels) => Labels;
const asWritten: Labelling = (_type, _name, labels) => labels;

export function resourceOf(doc: JsonObject, labelling: Labelling = asWritten): Resource {
  const { type, name, mesh = "default", labels = {}, spec, ...rest } = doc as JsonObject & { type: string; name: string; mesh?: string; labels?: Labels };
  const kind = policyKinds.find((it) => it.name === type);
  const meta = {
    type, name, mesh: type === "Mesh" ? "" : mesh,
    labels: labelling(type, name, labels),
    creationTime: 0, modificationTime: 0, version: 1,
  };
  if (kind?.shape === "spec") return { ...meta, spec: kind.spec.parse(spec ?? {}) };
  if (type === "Dataplane") return { ...meta, spec: fromJson(DataplaneSchema, rest, { ignoreUnknownFields: true }) };
  return { ...meta, spec: spec ?? rest };
}

export const dataplaneOf = (doc: JsonObject, labelling?: Labelling) => resourceOf(doc, labelling) as Resource<Dataplane>;

export function kindNamed(name: string): Kind {
  const kind = policyKinds.find((it) => it.name === name);
  if (!kind) throw new Error(`no policy kind ${name}`);
  return kind;
}

export const ofKind = (resources: readonly Resource[], kind: Kind): readonly PolicyResource[] =>
  resources.filter((it): it is Resource<PolicySpec> => it.type === kind.name);

export function targetsOf(resources: readonly Resource[]): RuleTargets {
  const mesh = resources.find((it) => it.type === "Mesh");
  const kinds = new Map<string, readonly Resource[]>();
  return {
    mesh,
    byKind: (kind) => {
      const list = kinds.get(kind) ?? resources.filter((it) => it.type === kind);
      kinds.set(kind, list);
      return list;
    },
  };
}

const shortNames: Readonly<Record<string, string>> = {
  Mesh: "m", MeshService: "msvc", MeshExternalService: "extsvc", MeshMultiZoneService: "mzsvc",
  ...Object.fromEntries(policyKinds.map((kind) => [kind.name, kind.shortName])),
};

export function kriText(resource: Resource, section = ""): string {
  const kri = kriOf({ ...kindNamed("MeshTimeout"), shortName: shortNames[resource.type] ?? "?" }, resource, section);
  return kri ? formatKri(kri) : displayName(resource);
}

export const labelsOrNone = (labels: unknown): unknown => (isJsonObject(labels) && Object.keys(labels).length > 0 ? labels : undefined);
