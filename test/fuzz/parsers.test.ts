// Fuzzing of everything that parses, function by function: a result or a KumaError, soon, and nothing else.
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { NodeSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import { systemClock } from "#platform";
import { policyKinds } from "#policies/kinds";
import { createTokenValidator, makeSigningKey } from "#security";
import { failureOf, formatKri, kindsOf, parseDocument, parseKri, printResource, validateResource, type Kind } from "#resources";
import { coreKinds } from "#resources/kinds";
import { checkDocument } from "../../src/kumactl/documents/check.ts";
import { fillIn, splitDocuments } from "../../src/kumactl/documents/read.ts";
import { loadConfig } from "../../src/kuma-cp/config/load.ts";
import { keys } from "../../src/kuma-cp/config/keys/index.ts";
import { parseNode } from "../../src/xds/metadata.ts";
import { forge, newKeyPem } from "../harness/tokens.ts";
import { anyText, anyValue, changedText, changedValue, chooser as chooserOf, documentOf } from "./generate.ts";
import { corpusOf, fuzz } from "./run.ts";

const kinds = kindsOf([...coreKinds, ...policyKinds]);
const place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" } as const;

function readAs(kind: Kind, document: unknown): void {
  const { resource } = parseDocument(kind, document);
  const violations = validateResource(kind, resource);
  if (violations.some((it) => typeof it.field !== "string" || typeof it.message !== "string")) throw new TypeError("a violation without words");
  if (violations.length > 0) return;
  const completed = kind.shape === "flat" && kind.applyDefaults ? { ...resource, spec: kind.applyDefaults(resource.spec, place, true) as unknown } : resource;
  const printed = printResource(kind, { ...completed, version: 1, creationTime: 0, modificationTime: 0 });
  // What is printed is read again, as the same.
  const again = readAgain(kind, JSON.parse(JSON.stringify(printed)));
  const printedAgain = printResource(kind, { ...again.resource, version: 1, creationTime: 0, modificationTime: 0 });
  if (JSON.stringify(printedAgain) !== JSON.stringify(printed)) throw new Error(`printed and read, it is another: ${JSON.stringify(printed)} and ${JSON.stringify(printedAgain)}`);
}

function readAgain(kind: Kind, document: unknown): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(kind, document);
  } catch (error) {
    // Here a refusal is a finding, too.
    throw new Error(`what is printed cannot be read: ${String(error)}\n${JSON.stringify(document)}`, { cause: error });
  }
}

const corpus = corpusOf("resources").map(({ name, text }) => ({ name, input: JSON.parse(text) as unknown }));

test("documents of every kind", async () => {
  const run = ({ kind, document }: { readonly kind: Kind; readonly document: unknown }) => readAs(kind, document);
  const known = corpus.flatMap(({ name, input }) => kinds.all.map((kind) => ({ name: `${name} as ${kind.name}`, input: { kind, document: input } })));
  const make = (choose: Parameters<typeof documentOf>[1]) => {
    const kind = choose.pick(kinds.all);
    const document = choose.chance(80) ? documentOf(kind, choose) : changedValue(choose.pick(corpus).input, choose);
    return { kind, document: choose.chance(20) ? changedValue(document, choose) : document };
  };
  expect(await fuzz({ known, make, run, inputs: 3 * Number(process.env.KOGUMA_FUZZ_INPUTS ?? 2000) })).toEqual([]);
});

test("YAML that kumactl is given", async () => {
  const texts = corpusOf("yaml");
  const run = async (text: string) => {
    for (const { text: document } of splitDocuments(await fillIn(text, new Map()))) checkDocument(document);
  };
  expect(await fuzz({ known: texts.map((it) => ({ name: it.name, input: it.text })), make: (choose) => changedText(texts.filter((it) => it.text.length < 5000).map((it) => it.text), choose), run })).toEqual([]);
});

test("configuration files and variables", async () => {
  const texts = corpusOf("config");
  const names = Object.values(keys).flatMap((it) => it.env);
  interface Input {
    readonly text: string;
    readonly env: Readonly<Record<string, string>>;
  }
  const run = ({ text, env }: Input) => {
    const config = loadConfig({ file: { path: "kuma.yaml", text }, env });
    for (const [path, key] of Object.entries(keys)) {
      const value: unknown = config.get(path as keyof typeof keys);
      if (typeof value !== typeof key.fallback) throw new TypeError(`${path} is ${typeof value}`);
    }
  };
  const known = [...texts.map((it) => ({ name: it.name, input: { text: it.text, env: {} } })), ...["constructor", "__proto__", "1e999", "-1"].map((it) => ({ name: `every variable is ${it}`, input: { text: "", env: Object.fromEntries(names.map((name) => [name, it])) } }))];
  const make = (choose: Parameters<typeof anyText>[0]): Input => ({ text: changedText(texts.map((it) => it.text), choose), env: choose.chance(50) ? { [choose.pick(names)]: anyText(choose) } : {} });
  expect(await fuzz({ known, make, run })).toEqual([]);
});

test("tokens", async () => {
  const key = await makeSigningKey();
  const validator = createTokenValidator({
    keys: { find: (_kind, _mesh, kid) => (kid === "1" ? key : undefined), latest: () => ({ kid: "1", privatePem: key }) }, revocations: { isRevoked: () => false }, clock: systemClock,
  });
  const good = [forge({ key, claims: { Name: "web", Mesh: "default", Tags: { a: ["b"] }, Type: "", Workload: "" } }), forge({ key, claims: { Zone: "z", Scope: ["ingress"] } }), forge({ key: newKeyPem(), claims: { Name: "john", Groups: ["a"] } })];
  const texts = [...corpusOf("tokens").map((it) => it.text), ...good];
  const run = async (token: string) => {
    const results = await Promise.allSettled([validator.dataplane(token, "default"), validator.zone(token), validator.user(token)]);
    for (const result of results) if (result.status === "rejected" && failureOf(result.reason)?.is !== "unauthenticated") throw result.reason;
  };
  const make = (choose: Parameters<typeof anyText>[0]) => {
    // Signed well, with claims that no issuer would make.
    if (choose.chance(30)) return forge({ key, claims: changedValue({ Name: "web", Mesh: "default", Tags: { a: ["b"] }, Type: "", Workload: "", Zone: "z", Scope: [], Groups: [], exp: 9e9, jti: "x", aud: ["kuma-cp/user"] }, choose) as object });
    return changedText(texts, choose);
  };
  expect(await fuzz({ known: texts.map((input, at) => ({ name: `token ${at}`, input })), make, run })).toEqual([]);
});

test("node metadata", async () => {
  const usual = {
    version: { kumaDp: { version: "2.14.3" }, envoy: { version: "1.40.0", kumaDpCompatible: true } }, features: ["a"], workdir: "/tmp", ipv6Enabled: true, "dataplane.resource": "{}", "dataplane.admin.port": "9901", "dataplane.proxyType": "dataplane",
    dynamicMetadata: { "version.dependencies.coredns": "1" }, transparentProxy: { ipFamilyMode: "ipv4", redirect: { inbound: { enabled: true, port: 15006 }, outbound: { enabled: true, port: 15001 }, dns: { enabled: true, port: 15053 } } },
  };
  const make = (choose: Parameters<typeof anyText>[0]) => ({ id: choose.chance(80) ? "default.web" : `${anyText(choose)}.${anyText(choose)}`, metadata: changedValue(usual, choose) });
  const run = ({ id, metadata }: { readonly id: string; readonly metadata: unknown }) => {
    const facts = parseNode(create(NodeSchema, { id, ...(typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) ? { metadata: metadata as Record<string, never> } : {}) }));
    for (const port of [facts.traits.adminPort, facts.traits.dnsPort, facts.traits.readinessPort, facts.traits.transparentProxy?.inboundPort ?? 0]) if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`port ${port}`);
    for (const it of facts.traits.features) if (typeof it !== "string") throw new TypeError("a feature that is no text");
  };
  expect(await fuzz({ known: [], make, run })).toEqual([]);
});

test("resource identifiers", async () => {
  const texts = corpusOf("kri").map((it) => it.text);
  const run = (text: string) => void formatKri(parseKri(text, kinds));
  expect(await fuzz({ known: texts.map((input) => ({ name: input, input })), make: (choose) => (choose.chance(50) ? changedText(texts, choose) : ["kri", ...Array.from({ length: choose.below(9) }, () => anyText(choose))].join("_")), run })).toEqual([]);
});

test("the generator makes documents that pass, too: else it would test nothing but refusals", () => {
  let passed = 0;
  for (const [at, kind] of kinds.all.entries()) {
    for (let seed = 1; seed <= 60; seed++) {
      try {
        const { resource } = parseDocument(kind, documentOf(kind, chooserOf(at * 1000 + seed)));
        if (validateResource(kind, resource).length === 0) passed++;
      } catch {
        // refused
      }
    }
  }
  expect(passed).toBeGreaterThan(100);
  expect(anyValue(chooserOf(1))).toEqual(anyValue(chooserOf(1)));
});
