// From a document (JSON or YAML value) to a resource: the envelope, the flat rules, the schema of kinds with a spec.
import { z } from "zod";
import { reasonOf } from "#platform";
import { badRequest, invalid, violation, type Violation } from "./failure.ts";
import { flatProblem, isObject, readFlat, withSeconds } from "./flat-json.ts";
import type { Kind, SpecKind } from "./kind.ts";
import type { Labels, Resource, Unstored } from "./resource.ts";
import { decodeProblem, isDecodeError } from "./decode-problems.ts";
import { schemaViolations } from "./schema-violations.ts";
import { withoutDefaultedNulls } from "./defaulted-nulls.ts";
import { validateMeshName, validateName } from "./names.ts";
import { whatIsForbidden } from "./bounds.ts";
import { withKnownNames } from "./folded-names.ts";
import { unknownFields } from "./unknown-fields.ts";
import type { JsonObject } from "@bufbuild/protobuf";

type FlatKind = Extract<Kind, { readonly shape: "flat" }>;

/** A document that could be read as a resource of the kind; `type` is what it calls itself. */
export interface ParsedDocument {
  readonly type: string;
  readonly resource: Unstored;
  /** Fields that nothing reads. */
  readonly unknown: readonly string[];
}

/**
 * Reads a document as a resource of `kind`. A `status` is dropped. Rejects with `bad-request` what cannot be decoded and with
 * `invalid` what breaks the schema or the meaning of a kind with a spec; the meaning of a flat kind is checked by `validateResource`.
 */
export function parseDocument(kind: Kind, document: unknown): ParsedDocument {
  return { ...readDocument(kind, document), unknown: unknownFields(kind, withKnownNames(kind, document)) };
}

/** The same for those who do not ask what nothing reads. */
export function readDocument(kind: Kind, document: unknown): Read {
  const forbidden = whatIsForbidden(document);
  if (forbidden) throw undecodable(kind, forbidden);
  return kind.shape === "flat" ? parseFlat(kind, withKnownNames(kind, document)) : parseSpec(kind, document);
}

/** Everything that can be said about a parsed resource without looking at others: name, mesh, and a flat kind's meaning. */
export const validateResource = (kind: Kind, resource: Unstored): readonly Violation[] => [...validateMeta(kind, resource), ...validateFlatSpec(kind, resource)];

export const validateMeta = (kind: Kind, resource: Unstored): readonly Violation[] => [...validateName(resource.name), ...(kind.scope === "Mesh" ? validateMeshName(resource.mesh) : [])];

/** The meaning of a flat kind; that of a kind with a spec is part of reading it. */
export const validateFlatSpec = (kind: Kind, resource: Unstored): readonly Violation[] => (kind.shape === "flat" ? (kind.validate?.(resource.spec, unwritten(resource)) ?? []) : []);

/** Warnings that a write of the resource returns. */
export const deprecationsOf = (kind: Kind, resource: Unstored): readonly string[] => kind.deprecations?.(unwritten(resource)) ?? [];

const unwritten = (resource: Unstored): Resource => ({ ...resource, version: 0, creationTime: 0, modificationTime: 0 });

const undecodable = (kind: Kind, reason: string) => badRequest(`invalid ${kind.name} object: ${JSON.stringify(reason)}`);

const envelopeFields = new Set(["type", "mesh", "name", "labels", "creationTime", "modificationTime", "kri", "snis"]);

type Read = Omit<ParsedDocument, "unknown">;

function parseFlat(kind: FlatKind, document: unknown): Read {
  if (!isObject(document)) throw undecodable(kind, `json: cannot unmarshal ${typeText(document)} into Go value of type v1alpha1.ResourceMeta`);
  const { type, mesh, name } = document;
  for (const [field, value] of Object.entries({ type, mesh, name })) {
    if (value === undefined || value === null || typeof value === "string") continue;
    throw undecodable(kind, `json: cannot unmarshal ${typeText(value)} into Go struct field ResourceMeta.${field} of type string`);
  }
  const labels = flatLabels(kind, document["labels"]);
  const fields = Object.fromEntries(Object.entries(document).filter(([key, value]) => value !== undefined && !envelopeFields.has(key))) as JsonObject;
  const problem = flatProblem(kind.message, fields);
  if (problem) throw undecodable(kind, problem);
  const resource: Unstored = { type: kind.name, mesh: kind.scope === "Mesh" ? textOf(mesh) : "", name: textOf(name), labels, spec: readOrThrow(kind, fields) };
  return { type: textOf(type), resource };
}

function readOrThrow(kind: FlatKind, fields: JsonObject): unknown {
  try {
    return readFlat(kind.message, withSeconds(kind.message, fields) as JsonObject);
  } catch (error) {
    throw undecodable(kind, reasonOf(error));
  }
}

function flatLabels(kind: Kind, labels: unknown): Labels {
  if (labels === undefined || labels === null) return {};
  if (!isObject(labels)) throw undecodable(kind, `json: cannot unmarshal ${typeText(labels)} into Go struct field ResourceMeta.labels of type map[string]string`);
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => {
      if (value !== null && typeof value !== "string") throw undecodable(kind, `json: cannot unmarshal ${typeText(value)} into Go struct field ResourceMeta.labels of type string`);
      return [key, value ?? ""];
    }),
  );
}

function parseSpec(kind: SpecKind, document: unknown): Read {
  if (!isObject(document)) throw undecodable(kind, `json: cannot unmarshal ${typeText(document)} into Go value of type map[string]interface {}`);
  const exact = bySchema(kind, document);
  // What is required must be spelled as it is; all else is found in any case of letters.
  const named = withKnownNames(kind, document);
  const { type, name, mesh, labels, spec } = named === document ? exact : bySchema(kind, named);
  const resource: Unstored = { type: kind.name, mesh: kind.scope === "Mesh" ? mesh : "", name, labels: labels ?? {}, spec };
  const violations = kind.validate?.(spec, unwritten(resource)) ?? [];
  if (violations.length > 0) throw invalid(violations);
  return { type, resource };
}

function bySchema(kind: SpecKind, document: unknown): Document {
  const schema = documentSchema(kind);
  const first = schema.safeParse(document);
  const result = first.success ? first : schema.safeParse(withoutDefaultedNulls(schema, document));
  if (result.success) return result.data;
  const issues = result.error.issues;
  const wrong = issues.filter((issue) => !isDecodeError(issue));
  if (wrong.length === 0) throw undecodable(kind, issues[0] ? decodeProblem(issues[0]) : "");
  throw invalid(schemaViolations(document, wrong));
}

interface Document {
  readonly type: string;
  readonly name: string;
  readonly mesh: string;
  readonly labels?: Record<string, string> | undefined;
  readonly spec: unknown;
}

const schemas = new WeakMap<SpecKind, z.ZodType<Document>>();

function documentSchema(kind: SpecKind): z.ZodType<Document> {
  const known = schemas.get(kind);
  if (known) return known;
  const schema: z.ZodType<Document> = z.object({
    type: z.enum([kind.name]),
    name: z.string(),
    mesh: z.string().default("default"),
    labels: z.record(z.string(), z.string()).optional(),
    spec: kind.spec,
    ...(kind.status ? { status: kind.status.optional() } : {}),
  });
  schemas.set(kind, schema);
  return schema;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const typeText = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value);

/** What a URL says about a resource must be what its body says. */
export function validateAgainstUrl(parsed: Read, key: { readonly type: string; readonly mesh: string; readonly name: string }): readonly Violation[] {
  const differs = (field: "name" | "type" | "mesh", inBody: string) => (inBody === key[field] ? [] : [violation(field, `${field} from the URL has to be the same as in body`)]);
  return [...differs("name", parsed.resource.name), ...differs("type", parsed.type), ...(key.mesh ? differs("mesh", parsed.resource.mesh) : [])];
}
