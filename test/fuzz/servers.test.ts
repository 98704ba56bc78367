// Fuzzing through the doors: HTTP requests, bootstrap requests and discovery requests against a control plane that runs; it never says "internal error".
import { Agent, request } from "node:https";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApi } from "#api";
import { DiscoveryRequestSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { frameOf } from "#grpc";
import { fakePlatform } from "#platform/fake";
import { policyKinds } from "#policies/kinds";
import { kindsOf, type Place } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { builtinBackend, openWriteDoor } from "#write";
import { bringing, connectProxy, openSession, typeUrl } from "../harness/ads.ts";
import { dataplaneResource, startTestControlPlane, type TestControlPlane } from "../harness/control-plane.ts";
import { anyText, anyValue, changedBytes, changedText, changedValue, documentOf, type Chooser } from "./generate.ts";
import { corpusOf, fuzz } from "./run.ts";

let cp: TestControlPlane;
beforeAll(async () => {
  cp = await startTestControlPlane({ env: { KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "none", KUMA_DP_SERVER_AUTHN_ZONE_PROXY_TYPE: "none", KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: "1ms" } });
});
afterAll(() => cp.stop());

const errorsIn = (log: readonly string[]) => log.filter((line) => line.includes("\tERROR\t"));
const inputs = Number(process.env.KOGUMA_FUZZ_INPUTS ?? 2000);

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };

interface HttpInput {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

test("HTTP requests: answered below 500; what is refused changes nothing, what is taken can be read", async () => {
  const platform = fakePlatform();
  const store = memoryStore(platform);
  const kinds = kindsOf([...coreKinds, ...policyKinds]);
  const access = { check: () => {} };
  const door = openWriteDoor({ store, kinds, place, access, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: false, certificateBackends: new Map([["builtin", builtinBackend]]), isZoneOnline: () => false });
  const app = createApi({
    store, door, kinds, place, access, isApiReadOnly: false, log: platform.log, clock: platform.clock, authenticate: () => ({ name: "mesh-system:admin", groups: ["mesh-system:admin"] }),
    about: { hostname: "h", instanceId: "i", version: "2.14.3", gui: "/gui", clusterId: () => "c", config: () => ({}) }, tokens: { defaultValidForMs: 3_600_000, mayIssue: () => {}, dataplane: async () => "t", zone: async () => "t" },
  });
  await app.inject({ method: "PUT", url: "/meshes/default", payload: '{"type":"Mesh","name":"default"}', headers: { "content-type": "application/json" } });
  const lines = corpusOf("http").map((it) => it.text.trim());
  const make = (choose: Chooser): HttpInput => {
    const kind = choose.pick(kinds.all);
    const item = `${kind.scope === "Mesh" ? "/meshes/default" : ""}/${kind.path}/made-up`;
    if (choose.chance(60)) return { method: choose.chance(85) ? "PUT" : "DELETE", url: item, headers: { "content-type": "application/json" }, body: JSON.stringify(documentOf(kind, choose)) };
    const [method = "GET", url = "/"] = choose.pick(lines).split(" ");
    return {
      method: (choose.chance(80) ? method : choose.pick(["GET", "PUT", "POST", "DELETE"])) as HttpInput["method"],
      url: `/${changedText([url, item], choose).replace(/^\/+/, "").replaceAll(/[^\x21-\x7e]|\\/g, (it) => encodeURIComponent(it.isWellFormed() ? it : "x"))}`,
      headers: { "content-type": choose.chance(80) ? "application/json" : "text/x", ...(choose.chance(10) ? { accept: anyText(choose).replaceAll(/[^\x20-\x7e]/g, "") } : {}) },
      body: choose.chance(50) ? JSON.stringify(anyValue(choose)) : changedText(['{"mesh":"default","validFor":"1h"}', '{"zone":"a","scope":["ingress"]}'], choose),
    };
  };
  const everything = () => kinds.all.flatMap((kind) => store.list(kind.name).map((it) => `${it.type}/${it.mesh}/${it.name}/${it.version}`)).join();
  const run = async ({ method, url, headers, body }: HttpInput) => {
    const before = everything();
    const answer = await app.inject({ method, url, headers, ...(method === "GET" ? {} : { payload: body }) });
    if (answer.statusCode >= 500) throw new Error(`${answer.statusCode} ${answer.body} ${platform.log.lines.at(-1)}`);
    if ((answer.statusCode >= 400 || method === "GET") && everything() !== before) throw new Error(`refused with ${answer.statusCode}, and yet something changed`);
    if (method !== "PUT" || answer.statusCode >= 300) return;
    const stored = await app.inject({ method: "GET", url });
    const again = await app.inject({ method: "PUT", url, headers, payload: stored.body });
    const third = await app.inject({ method: "GET", url });
    const withoutTime = (text: string) => text.replaceAll(/"modificationTime": "[^"]*"/g, "");
    if (stored.statusCode !== 200 || again.statusCode !== 200 || withoutTime(third.body) !== withoutTime(stored.body)) throw new Error(`what was stored cannot be put again: ${stored.statusCode} ${again.statusCode} ${again.body} ${stored.body}`);
  };
  expect(await fuzz({ known: lines.map((it) => ({ name: it, input: { method: it.split(" ")[0] as HttpInput["method"], url: it.split(" ")[1] ?? "/", headers: {}, body: "" } })), make, run })).toEqual([]);
  await app.close();
});

test("bootstrap requests: a document or a documented refusal", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const seeds = corpusOf("bootstrap");
  const values = seeds.filter((it) => it.text.length < 5000).map((it) => JSON.parse(it.text) as unknown);
  const run = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const call = request({ host: "127.0.0.1", port: cp.ports.dp, path: "/bootstrap", method: "POST", ca: cp.caPem, agent, headers: { "content-type": "application/json", accept: "application/json", "content-length": Buffer.byteLength(text) } }, (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        response.on("end", () => ([200, 400, 401, 404, 422, 503].includes(statusCode) ? resolve() : reject(new Error(`answered ${statusCode}`))));
      });
      call.on("error", reject);
      call.end(text);
    });
  const make = (choose: Chooser) => {
    if (choose.chance(30)) return changedText(seeds.slice(1).map((it) => it.text.slice(0, 2000)), choose);
    const value = changedValue(choose.pick(values), choose);
    // The resource travels as text inside: changed on its own, too.
    if (choose.chance(50) && typeof value === "object" && value !== null) return JSON.stringify({ ...value, dataplaneResource: JSON.stringify(changedValue(dataplaneResource("web"), choose)) });
    return JSON.stringify(value);
  };
  expect(await fuzz({ known: seeds.map((it) => ({ name: it.name, input: it.text })), make, run })).toEqual([]);
  expect(errorsIn(cp.log)).toEqual([]);
  agent.destroy();
});

test("discovery requests as bytes: answers or a status, never an internal error, and nothing stays open", async () => {
  const session = openSession(cp);
  const message = (fields: object) => frameOf([toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, fields))]);
  const corpus = [
    message({ typeUrl: typeUrl.cluster, node: { id: "default.web", cluster: "web", metadata: { ...bringing(dataplaneResource("web")), version: { kumaDp: { version: "1" } }, features: ["feature-delta-grpc"] } } }),
    message({ typeUrl: typeUrl.endpoints, resourceNames: ["a", "b"], responseNonce: "1", versionInfo: "1" }),
    message({ typeUrl: typeUrl.listener, responseNonce: "2", errorDetail: { code: 13, message: "no" } }),
  ];
  interface Input {
    readonly isDelta: boolean;
    readonly messages: readonly Uint8Array[];
  }
  const make = (choose: Chooser): Input => {
    const resource = choose.chance(50) ? changedValue(dataplaneResource("web"), choose) : dataplaneResource("web");
    const first = choose.chance(50) ? changedBytes(corpus, choose) : message({ typeUrl: typeUrl.cluster, node: { id: "default.web", metadata: bringing(resource as object) } });
    return { isDelta: choose.chance(40), messages: [first, ...Array.from({ length: choose.below(5) }, () => changedBytes(corpus, choose))] };
  };
  const run = async ({ isDelta, messages }: Input) => {
    const proxy = connectProxy(cp, { session, isDelta, token: "" });
    for (const bytes of messages) proxy.write(bytes);
    proxy.stream.end();
    const { code, message: text } = await proxy.closed();
    if (code === 13 && !/compression/.test(text)) throw new Error(`${code} ${text}`);
    if (code === -1) throw new Error(text);
  };
  expect(await fuzz({ known: [], make, run, inputs: inputs / 2 })).toEqual([]);
  expect(errorsIn(cp.log)).toEqual([]);
  session.destroy();
});

test("whatever the API takes, a connected proxy stays configured", async () => {
  const kinds = [...coreKinds, ...policyKinds].filter((kind) => kind.scope === "Mesh" && !kind.readOnly && !kind.name.endsWith("Insight") && kind.name !== "Secret");
  const proxy = connectProxy(cp, { id: "default.steady", token: "", metadata: bringing(dataplaneResource("steady")) });
  proxy.subscribe(typeUrl.cluster);
  await proxy.next();
  const before = errorsIn(cp.log).length;
  const make = (choose: Chooser) => {
    const kind = choose.pick(kinds);
    return { path: `/meshes/default/${kind.path}/made-up`, body: documentOf(kind, choose) };
  };
  const run = async ({ path, body }: { readonly path: string; readonly body: unknown }) => {
    const { status, text } = await cp.put(path, body);
    if (status >= 500) throw new Error(`${status} ${text}`);
    if (status < 300) await new Promise((resolve) => setTimeout(resolve, 30));
    const errors = errorsIn(cp.log).slice(before);
    if (errors.length > 0) {
      await cp.remove(path);
      throw new Error(errors.at(-1));
    }
  };
  expect(await fuzz({ known: [], make, run, inputs: inputs / 4 })).toEqual([]);
  proxy.leave();
});
