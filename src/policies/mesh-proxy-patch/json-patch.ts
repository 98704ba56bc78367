// RFC 6902 on plain JSON. What cannot be removed is left as it is; what cannot be replaced is an error.
export interface JsonPatch {
  readonly op: "add" | "remove" | "replace" | "move" | "copy";
  readonly path: string;
  readonly from?: string | undefined;
  readonly value?: unknown;
}

export function patchJson(document: unknown, patches: readonly JsonPatch[]): unknown {
  const root = { "": structuredClone(document) };
  for (const patch of patches) apply(root, patch);
  return root[""];
}

function apply(root: object, { op, path, from = "", value }: JsonPatch): void {
  if (op === "add") return put(root, path, structuredClone(value));
  if (op === "remove") return void take(root, path);
  if (op === "replace") {
    if (look(root, path) === undefined) throw new Error(`nothing to replace at ${path}`);
    take(root, path);
    return put(root, path, structuredClone(value));
  }
  const found = op === "move" ? take(root, from) : structuredClone(look(root, from));
  if (found === undefined) throw new Error(`nothing to ${op} at ${from}`);
  put(root, path, found);
}

const segmentsOf = (path: string): string[] => ["", ...path.split("/").slice(1)].map((it) => it.replaceAll("~1", "/").replaceAll("~0", "~"));

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function parentOf(root: object, path: string): { readonly parent: Record<string, unknown> | undefined; readonly key: string } {
  const segments = segmentsOf(path);
  const key = segments.pop() ?? "";
  let parent: unknown = root;
  for (const segment of segments) parent = isContainer(parent) && Object.hasOwn(parent, segment) ? parent[segment] : undefined;
  return { parent: isContainer(parent) ? parent : undefined, key };
}

function look(root: object, path: string): unknown {
  const { parent, key } = parentOf(root, path);
  return parent && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function take(root: object, path: string): unknown {
  const { parent, key } = parentOf(root, path);
  if (!parent || !Object.hasOwn(parent, key)) return undefined;
  const value = parent[key];
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
  return value;
}

function put(root: object, path: string, value: unknown): void {
  const { parent, key } = parentOf(root, path);
  if (!parent) throw new Error(`nothing holds ${path}`);
  if (!Array.isArray(parent)) return void (parent[key] = value);
  const at = key === "-" ? parent.length : Number(key);
  if (!Number.isInteger(at) || at < 0 || at > parent.length) throw new Error(`no place ${path}`);
  parent.splice(at, 0, value);
}
