// What does not count when Envoy configurations are compared: addresses, stat prefixes, the admin port, the form of a patch (conformance README).
import { isObject } from "#resources";
import { canonical } from "./data.ts";

const adminNames = new Set(["kuma:envoy:admin", "system_envoy_admin", "kuma:readiness", "system_probe_readiness"]);
const ip = /\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:::(?:ffff:)?[0-9a-f]*|(?:[0-9a-f]{1,4}:){2,7}[0-9a-f:]*)(?![\w:])/gi;
const withoutAddresses = (text: string): string => (/^\w+:\w+:\w+$/.test(text) ? text : text.replaceAll(ip, "IP_REDACTED"));

export function normalised(xds: unknown): unknown {
  if (!isObject(xds)) return xds;
  return Object.fromEntries(
    Object.entries(xds).map(([type, resources]) => {
      const entries = isObject(resources) ? Object.entries(resources).filter(([name]) => name !== "_kuma:dynamicconfig") : [];
      return [type, Object.fromEntries(entries.map(([name, value]) => [withoutAddresses(name), redacted(adminNames.has(name) ? withoutAdmin(value) : value)]))];
    }),
  );
}

const withoutAdmin = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutAdmin);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, key === "socketAddress" ? { address: "ADMIN_REDACTED", portValue: 0 } : withoutAdmin(it)]));
};

function redacted(value: unknown): unknown {
  if (typeof value === "string") return withoutAddresses(value);
  if (Array.isArray(value)) return value.map(redacted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "dnsLookupFamily");
  return Object.fromEntries(entries.map(([key, it]) => [withoutAddresses(key), key === "statPrefix" ? "STAT_PREFIX_REDACTED" : redacted(it)]));
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

const operationsOf = (diff: unknown): readonly Operation[] => (Array.isArray(diff) ? (diff as readonly Operation[]) : []);

export function normalisedDiff(diff: unknown): unknown {
  return operationsOf(diff)
    .filter((it) => it.op !== "test" && !it.path.endsWith("maxDirectResponseBodySizeBytes"))
    .map(({ op, path, value }) => ({ op, path: withoutAddresses(path), value: redacted(value) }))
    .toSorted((a, b) => compare(a.path, b.path) || compare(b.op, a.op) || compare(canonical(a.value), canonical(b.value)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The document after all operations; a failed test throws. */
export function applied(diff: unknown, document: unknown): unknown {
  const root = structuredClone({ document });
  for (const { op, path, value } of operationsOf(diff)) {
    const keys = ["document", ...path.split("/").slice(1).map((it) => it.replaceAll("~1", "/").replaceAll("~0", "~"))];
    const last = keys.pop() ?? "";
    let parent: unknown = root;
    for (const key of keys) parent = (parent as Record<string, unknown>)[key];
    const found = (parent as Record<string, unknown>)[last];
    if (op === "test" && canonical(found) !== canonical(value)) throw new Error(`test failed at ${path}`);
    if (op === "add" && Array.isArray(parent)) parent.splice(Number(last), 0, value);
    else if (op === "remove" && Array.isArray(parent)) parent.splice(Number(last), 1);
    else if (op === "add") (parent as Record<string, unknown>)[last] = value;
    else if (op === "remove") delete (parent as Record<string, unknown>)[last];
  }
  return root.document;
}
