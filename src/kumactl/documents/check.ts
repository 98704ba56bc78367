// Checks documents before anything is sent, by the kinds' own schemas and rules. Loaded only by `apply`: it holds every schema.
import { load } from "js-yaml";
import { reasonOf } from "#platform";
import { policyKinds } from "#policies/kinds";
import { failureOf, isObject, kindsOf, parseDocument, printResource, validateResource, yamlSchema, type Violation } from "#resources";
import { coreKinds } from "#resources/kinds";

export interface CheckedResource {
  readonly kind: { readonly name: string; readonly scope: "Mesh" | "Global"; readonly shape: "flat" | "spec"; readonly path: string };
  readonly mesh: string;
  readonly name: string;
  /** As it is printed. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** The resource of a YAML or JSON text, or what is wrong with it. */
export function checkDocument(text: string): CheckedResource | { readonly problem: string } {
  const read = readYaml(text);
  if ("problem" in read) return { problem: `failed to parse resource: invalid meta type: ${JSON.stringify(`error converting YAML to JSON: yaml: ${read.problem}`)}` };
  const meta = metaOf(read.value);
  if ("problem" in meta) return { problem: `failed to parse resource: invalid meta type: ${JSON.stringify(`${decoding}${meta.problem}`)}` };
  const { type } = meta;
  const kind = kinds.byName(type);
  if (!kind) return { problem: `failed to parse resource: invalid resource type "${type}"` };
  try {
    const { resource } = parseDocument(kind, read.value);
    const violations = validateResource(kind, resource);
    const aboutMeta = violations.filter(isAboutMeta);
    const aboutSpec = violations.filter((it) => !isAboutMeta(it));
    if (aboutSpec.length > 0) return { problem: `failed to parse resource: ${sentence(aboutSpec)}` };
    if (aboutMeta.length > 0) return { problem: `failed to read meta: ${sentence(aboutMeta)}` };
    const document = printResource(kind, { ...resource, version: 0, creationTime: 0, modificationTime: 0 });
    const { name, scope, shape, path } = kind;
    return { kind: { name, scope, shape, path }, mesh: resource.mesh, name: resource.name, document };
  } catch (error) {
    const failure = failureOf(error);
    return { problem: `failed to parse resource: ${failure?.is === "invalid" ? sentence(failure.violations) : reasonOf(error).replace(/^invalid \w+ object: "/, `$&${decoding}`)}` };
  }
}

/** Kuma decodes YAML by way of JSON and says so. */
const decoding = "error unmarshaling JSON: while decoding JSON: ";

/** What every resource has, read before its kind is known: scalars of any sort are text, nothing else is. */
function metaOf(document: unknown): { readonly type: string } | { readonly problem: string } {
  if (document === null || document === undefined) return { type: "" };
  if (!isObject(document)) return { problem: `json: cannot unmarshal ${jsonType(document)} into Go value of type v1alpha1.ResourceMeta` };
  const wrong = (field: string, value: unknown, type: string) => ({ problem: `json: cannot unmarshal ${jsonType(value)} into Go struct field ResourceMeta.${field} of type ${type}` });
  const { labels } = document;
  if (labels !== null && labels !== undefined && !isObject(labels)) return wrong("labels", labels, "map[string]string");
  for (const value of Object.values(labels ?? {})) if (typeof value === "object" && value !== null) return wrong("labels", value, "string");
  for (const field of ["mesh", "name", "type"]) {
    const value = document[field];
    if (typeof value === "object" && value !== null) return wrong(field, value, "string");
  }
  const { type = "" } = document;
  return { type: typeof type === "string" || typeof type === "number" || typeof type === "boolean" ? String(type) : "" };
}

const jsonType = (value: unknown): string => (Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value);

const kinds = kindsOf([...coreKinds, ...policyKinds]);

const isAboutMeta = (it: Violation): boolean => it.field === "name" || it.field === "mesh";

// The field stands in front of its colon even when it is empty, as Kuma prints it.
const sentence = (violations: readonly Violation[]): string => violations.map((it) => `${it.field}: ${it.message}`).join("; ");

function readYaml(text: string): { readonly value: unknown } | { readonly problem: string } {
  // Nothing but comments is no resource, and no fault of the text.
  if (text.split("\n").every((line) => /^\s*(#|---\s*$|$)/.test(line))) return { value: null };
  try {
    return { value: load(text, { schema: yamlSchema }) };
  } catch (error) {
    return { problem: reasonOf(error).split("\n", 1)[0] ?? "" };
  }
}
