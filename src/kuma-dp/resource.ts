// The Dataplane a proxy brings along: a file, standard input or text, with variables filled in (spec/dataplane.md 1.5).
import { readFile } from "node:fs/promises";
import { load } from "js-yaml";
import Mustache from "mustache";
import { badRequest } from "#resources";

export interface ProxyResource {
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
  /** As the control plane takes it. */
  readonly json: string;
}

const typeOf: Readonly<Record<string, string>> = { dataplane: "Dataplane", ingress: "ZoneIngress", egress: "ZoneEgress" };

/** Undefined when no resource was given. */
export async function proxyResource(settings: { readonly resource: string; readonly resourceFile: string; readonly proxyType: string }, vars: readonly string[]): Promise<ProxyResource | undefined> {
  const template = settings.resourceFile ? await readSource(settings.resourceFile) : settings.resource;
  if (!template) return undefined;
  const text: string = vars.length > 0 || template.includes("{{") ? Mustache.render(template, nested(vars)) : template;
  const document = parse(text);
  const expected = typeOf[settings.proxyType];
  if (expected === undefined || document.type !== expected) throw badRequest(`invalid proxy resource type "${String(document.type)}": --proxy-type ${settings.proxyType} needs a ${expected ?? "known type"}`);
  if (typeof document.name !== "string" || document.name === "") throw badRequest("the proxy resource has no name");
  const mesh = typeof document.mesh === "string" ? document.mesh : settings.proxyType === "dataplane" ? "default" : "";
  return { type: expected, mesh, name: document.name, json: JSON.stringify({ ...document, ...(mesh ? { mesh } : {}) }) };
}

async function readSource(path: string): Promise<string> {
  if (path !== "-") {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      throw badRequest(`could not read the Dataplane file ${path}: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}`);
    }
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    throw badRequest(`the proxy resource is not YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : ""}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badRequest("the proxy resource is not a YAML document with fields");
  return value as Record<string, unknown>;
}

/** `a.b=c` fills `{{ a.b }}`. */
function nested(vars: readonly string[]): Record<string, unknown> {
  const root: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const item of vars) {
    const at = item.indexOf("=");
    if (at < 1) throw badRequest(`--dataplane-var ${item} is not of the form key=value`);
    const path = item.slice(0, at).split(".");
    let section = root;
    for (const part of path.slice(0, -1)) {
      const existing = section[part];
      const next = typeof existing === "object" && existing !== null ? (existing as Record<string, unknown>) : (Object.create(null) as Record<string, unknown>);
      section[part] = next;
      section = next;
    }
    section[path.at(-1) ?? ""] = item.slice(at + 1);
  }
  return root;
}
