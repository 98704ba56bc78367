// The REST cases of the reference: requests in order against resources that exist before, answers compared as JSON.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { loadAll } from "js-yaml";
import { createApi } from "#api";
import { fakePlatform } from "#platform/fake";
import { policyKinds } from "#policies/kinds";
import { isObject, kindsOf, parseDocument, type Place } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { builtinBackend, openWriteDoor } from "#write";

export interface CaseResult {
  readonly folder: string;
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
}

export const restFolder = join(import.meta.dirname, "../../../shared/conformance/rest/crud");
export const hasRestCases = (): boolean => existsSync(restFolder);

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };
const admin = { name: "mesh-system:admin", groups: ["mesh-system:admin"] };

/** One result per input file; a file is right when all of its answers are. */
export async function runRest(): Promise<CaseResult[]> {
  const inputs = readdirSync(restFolder).filter((file) => file.endsWith(".input.yaml")).toSorted();
  const results: CaseResult[] = [];
  for (const file of inputs) {
    const name = file.replace(/\.input\.yaml$/, "");
    const message = await runCase(name).catch((error: unknown) => String(error));
    results.push({ folder: "rest/crud", name, ok: message === "", message });
  }
  return results;
}

/** Empty when every answer is as expected. */
async function runCase(name: string): Promise<string> {
  const input = readFileSync(join(restFolder, `${name}.input.yaml`), "utf8");
  const app = await apiWith(loadAll(input));
  const requests = [...input.matchAll(/^#(\/\S*) (\d+)(?: method=(\w+))?$/gm)];
  for (const [index, [, url = "", status = "", method = "GET"]] of requests.entries()) {
    const suffix = requests.length > 1 ? `_${String(index).padStart(2, "0")}` : "";
    const body = readIfThere(`${name}${suffix}.request.json`) ?? readIfThere(`${name}_${String(index).padStart(2, "0")}.request.json`);
    const answer = await app.inject({ method: method as "GET", url, ...(body === undefined ? {} : { payload: body, headers: { "content-type": "application/json" } }) });
    if (answer.statusCode !== Number(status)) return `${method} ${url}: ${answer.statusCode} ${answer.body}`;
    const golden = readIfThere(`${name}${suffix}.golden.json`);
    if (golden === undefined) continue;
    const expected: unknown = JSON.parse(golden.replaceAll("{{address}}", "localhost:80"));
    const actual = withoutTimes(answer.json());
    if (!isDeepStrictEqual(actual, expected)) return `${method} ${url}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`;
  }
  return "";
}

async function apiWith(documents: readonly unknown[]) {
  const platform = fakePlatform();
  const kinds = kindsOf([...coreKinds, ...policyKinds]);
  const store = memoryStore(platform);
  for (const document of documents) {
    if (!isObject(document)) continue;
    const kind = kinds.byName(String(document["type"]));
    if (!kind) throw new Error(`unknown kind ${String(document["type"])}`);
    const { resource } = parseDocument(kind, document);
    await store.put({ ...resource, ...(document["status"] === undefined ? {} : { status: document["status"] }) }, 0);
  }
  const access = { check: () => {} };
  const certificateBackends = new Map([["builtin", builtinBackend]]);
  const door = openWriteDoor({ store, kinds, place, access, isApiReadOnly: false, allowsAuthorityChange: false, unsafeDelete: false, certificateBackends, isZoneOnline: () => false });
  const about = { hostname: "h", instanceId: "i", version: "2.14.3", gui: "", clusterId: () => "", config: () => ({}) };
  return createApi({ store, door, kinds, place, access, isApiReadOnly: false, log: platform.log, clock: platform.clock, authenticate: () => admin, about });
}

function readIfThere(file: string): string | undefined {
  const path = join(restFolder, file);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (!isObject(value)) return value;
  const zero = "0001-01-01T00:00:00Z";
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, key === "creationTime" || key === "modificationTime" ? zero : withoutTimes(it)]));
}
