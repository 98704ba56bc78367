// Hostile and broken Envoys: each costs only itself, and after each the others are served as before.
import { gzipSync } from "node:zlib";
import { constants, type ClientHttp2Session } from "node:http2";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { create, toBinary } from "@bufbuild/protobuf";
import { DiscoveryRequestSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { frameOf } from "#grpc";
import { bringing, connectProxy, openSession, service, typeUrl, type TestProxy } from "../../harness/ads.ts";
import { dataplaneResource, pause, startTestControlPlane, until, type TestControlPlane } from "../../harness/control-plane.ts";
import { rawPeer, residentMb } from "../../harness/raw.ts";

let cp: TestControlPlane;
let token: string;
let unexpected = 0;
const onUnexpected = () => void unexpected++;

beforeAll(async () => {
  process.on("uncaughtException", onUnexpected);
  process.on("unhandledRejection", onUnexpected);
  cp = await startTestControlPlane({ env: { KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: "50ms" } });
  token = await cp.token("dataplane", { mesh: "default" });
});
afterAll(async () => {
  await cp.stop();
  process.off("uncaughtException", onUnexpected);
  process.off("unhandledRejection", onUnexpected);
});

let count = 0;
const proxyNamed = (name: string, more: object = {}, isDelta = false) => connectProxy(cp, { id: `default.${name}`, token, metadata: { ...bringing(dataplaneResource(name)), ...more }, isDelta });

/** After every case: somebody else is served, and soon. */
afterEach(async () => {
  const proxy = proxyNamed(`witness-${count++}`);
  proxy.subscribe(typeUrl.cluster);
  await proxy.next();
  proxy.leave();
  expect((await cp.get("/meshes/default")).status).toBe(200);
  expect(unexpected).toBe(0);
});

async function open(name: string, isDelta = false): Promise<TestProxy> {
  const proxy = proxyNamed(name, {}, isDelta);
  proxy.subscribe(typeUrl.cluster);
  proxy.ack(await proxy.next());
  return proxy;
}

const bytesOf = (fields: object) => frameOf([toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, fields))]);

test("a reader that never reads gets no second answer of a type, however often it acknowledges unseen", async () => {
  const proxy = proxyNamed("slow");
  proxy.stream.pause();
  proxy.subscribe(typeUrl.cluster);
  await pause(200);
  const before = residentMb();
  // Nonces can be guessed; each new name would be a new answer.
  for (let nonce = 1; nonce <= 5000; nonce++) proxy.write(bytesOf({ typeUrl: typeUrl.endpoints, responseNonce: nonce % 2 ? "" : String(nonce), resourceNames: [`name-${nonce}`] }));
  for (let at = 0; at < 200; at++) await cp.put(`/meshes/default/dataplanes/churn-${at % 5}`, dataplaneResource(`churn-${at % 5}`, { tags: { version: `v${at}` } }));
  expect(residentMb() - before).toBeLessThan(200);
  proxy.leave();
});

test("a reader that takes answers late gets the newest, not all that there were", async () => {
  const proxy = await open("late");
  proxy.subscribe(typeUrl.listener);
  await proxy.next(); // never acknowledged
  for (let at = 0; at < 20; at++) await cp.put("/meshes/default/meshtimeouts/t", { type: "MeshTimeout", mesh: "default", name: "t", spec: { targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: `${at + 1}s` } }] } });
  await pause(200);
  await expect(proxy.next(200)).rejects.toThrow(/no answer/);
  proxy.leave();
});

for (const isDelta of [false, true]) {
  const variant = isDelta ? "delta" : "state of the world";
  test(`${variant}: a type that nobody serves is left unanswered and remembered by nobody`, async () => {
    const proxy = await open(`odd-${variant.length}`, isDelta);
    const before = residentMb();
    for (let at = 0; at < 20_000; at++) proxy.subscribe(`type.googleapis.com/no.such.Type${at}`, ["x".repeat(100)]);
    await expect(proxy.next(300)).rejects.toThrow(/no answer/);
    proxy.subscribe(typeUrl.listener);
    expect((await proxy.next()).typeUrl).toBe(typeUrl.listener);
    expect(residentMb() - before).toBeLessThan(150);
    proxy.leave();
  });

  test(`${variant}: a request without a type is refused`, async () => {
    const proxy = await open(`typeless-${variant.length}`, isDelta);
    proxy.subscribe("");
    expect(await proxy.closed()).toEqual({ code: 3, message: "type URL is required for ADS" });
    proxy.leave();
  });

  test(`${variant}: another node id in the middle of a stream is refused`, async () => {
    const proxy = await open(`first-${variant.length}`, isDelta);
    proxy.subscribe(typeUrl.listener, [], { id: "default.other", metadata: bringing(dataplaneResource("other")) });
    expect(await proxy.closed()).toEqual({
      code: 16, message: `stream was authenticated for ID default.first-${variant.length}. Received request is for node with ID default.other. Node ID cannot be changed after stream is initialized`,
    });
    expect((await cp.get("/meshes/default/dataplanes/other")).status).toBe(404);
    proxy.leave();
  });

  test(`${variant}: the same node id again, or an empty one, is fine`, async () => {
    const proxy = await open(`same-${variant.length}`, isDelta);
    proxy.subscribe(typeUrl.listener, [], { id: `default.same-${variant.length}` });
    expect((await proxy.next()).typeUrl).toBe(typeUrl.listener);
    proxy.subscribe(typeUrl.endpoints, ["no-such"], { id: "" });
    await expect(proxy.next(100)).rejects.toThrow(/no answer/);
    proxy.leave();
  });
}

test("a second stream of the same node is refused, the first one goes on", async () => {
  const first = await open("twice");
  const second = proxyNamed("twice");
  second.subscribe(typeUrl.cluster);
  expect(await second.closed()).toEqual({ code: 2, message: "there is already an active stream from this node, try again later" });
  second.leave();
  await pause(200); // longer than the time after which a proxy that left is forgotten
  expect((await cp.get("/meshes/default/dataplanes/twice")).status).toBe(200);
  first.subscribe(typeUrl.listener);
  expect((await first.next()).typeUrl).toBe(typeUrl.listener);
  first.leave();
});

test("who has no good token cannot keep a proxy from its name", async () => {
  const squatters = Array.from({ length: 20 }, () => {
    const squatter = connectProxy(cp, { id: "default.wanted", token: "no good", metadata: bringing(dataplaneResource("wanted")) });
    squatter.subscribe(typeUrl.cluster);
    return squatter;
  });
  await Promise.all(squatters.map((it) => new Promise((resolve) => it.session.once("connect", resolve))));
  const proxy = await open("wanted");
  proxy.leave();
  for (const squatter of squatters) squatter.leave();
});

for (const [what, id] of [["without a node", undefined], ["with an empty node id", ""], ["with an id that has no mesh", "web"], ["with an id that ends early", "default."], ["with an endless id", `default.${"x".repeat(100_000)}`]] as const) {
  test(`a stream ${what} is refused`, async () => {
    const proxy = connectProxy(cp, { id, token });
    proxy.subscribe(typeUrl.cluster);
    const { code, message } = await proxy.closed();
    expect([2, 3]).toContain(code);
    expect(message).toMatch(/must name its node|invalid node id|node id is longer/);
    expect(message.length).toBeLessThan(300);
    proxy.leave();
  });
}

const oddities: Record<string, object> = {
  "numbers for texts": { version: 7, workdir: 7, "dataplane.proxyType": 7, "dataplane.admin.address": 7, features: 7, dynamicMetadata: 7 },
  "texts for numbers": { "dataplane.admin.port": "many", "dataplane.dns.port": "-1", "dataplane.readinessReporter.port": "99999999999999999999" },
  "lists for objects": { version: [], transparentProxy: [], dynamicMetadata: [] },
  "huge lists": { features: Array.from({ length: 50_000 }, (_, at) => `feature-${at}`) },
  "names of Object's own": { dynamicMetadata: { constructor: "x", toString: "y" }, constructor: {}, hasOwnProperty: 1 },
  "nothing at all": { version: null, features: null, workdir: null, dynamicMetadata: null, transparentProxy: null },
};
for (const [what, metadata] of Object.entries(oddities)) {
  test(`metadata with ${what} costs the proxy at most its own stream`, async () => {
    const proxy = proxyNamed(`strange-${count}`, metadata);
    proxy.subscribe(typeUrl.cluster);
    expect((await proxy.next()).size).toBeGreaterThan(0);
    proxy.leave();
  });
}

const badResources: Record<string, string> = {
  "no JSON": "{", "a list": "[]", "null": "null", "a number": "1", "another type": '{"type":"Mesh","name":"x"}', "a type that is a list": `{"type":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
  "a type with a toString of its own": '{"type":{"toString":1}}', "depth": `{"type":"Dataplane","mesh":"default","name":"bad","networking":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`,
  "__proto__": '{"type":"Dataplane","mesh":"default","name":"bad","__proto__":{"networking":{}}}', "another mesh": JSON.stringify(dataplaneResource("bad", { mesh: "no-such" })), "no address": '{"type":"Dataplane","mesh":"default","name":"bad"}',
};
for (const [what, text] of Object.entries(badResources)) {
  test(`a proxy that brings ${what} as its resource is refused with a reason, and nothing is stored`, async () => {
    const proxy = connectProxy(cp, { id: "default.bad", token, metadata: { "dataplane.resource": text } });
    proxy.subscribe(typeUrl.cluster);
    const { code, message } = await proxy.closed();
    expect(code).not.toBe(13);
    expect([2, 16]).toContain(code);
    expect(message.length).toBeGreaterThan(10);
    expect((await cp.get("/meshes/default/dataplanes/bad")).status).toBe(404);
    proxy.leave();
  });
}

test("bytes that are no discovery request are refused", async () => {
  const proxy = connectProxy(cp, { token });
  proxy.write(frameOf([Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]));
  expect((await proxy.closed()).code).toBe(3);
  proxy.leave();
});

test("a message declared too large is refused before it comes", async () => {
  const proxy = connectProxy(cp, { token });
  proxy.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
  expect(await proxy.closed()).toEqual({ code: 8, message: `received message larger than max (${0xffffffff} vs. ${16 * 1024 * 1024})` });
  proxy.leave();
});

test("many large messages that never end are cut off together, in bounded memory", async () => {
  const session = openSession(cp);
  const before = residentMb();
  const proxies = Array.from({ length: 30 }, () => connectProxy(cp, { token, session }));
  await pause(300); // node itself refuses new streams of a connection on which much is under way
  for (const proxy of proxies) {
    proxy.write(Buffer.from([0, 0, 0xff, 0xff, 0xff]));
    proxy.write(Buffer.alloc(8_000_000));
  }
  expect(await Promise.race(proxies.map((it) => it.closed(20_000)))).toEqual({ code: 8, message: "too many unfinished messages on this connection" });
  // The pourer's own buffers are in this process too: 30 times 8 MB.
  expect(residentMb() - before).toBeLessThan(700);
  session.destroy();
});

test("a compressed bomb is refused", async () => {
  const frame = frameOf([gzipSync(Buffer.alloc(200_000_000))]);
  frame[0] = 1;
  const before = residentMb();
  const proxy = connectProxy(cp, { token });
  proxy.write(frame);
  expect((await proxy.closed()).code).toBe(8);
  expect(residentMb() - before).toBeLessThan(150);
  proxy.leave();
});

test("an unknown compression is refused", async () => {
  const proxy = connectProxy(cp, { token });
  proxy.write(Buffer.from([7, 0, 0, 0, 1, 0]));
  expect(await proxy.closed()).toEqual({ code: 13, message: "unknown compression flag 7" });
  proxy.leave();
});

test("too many requests before the stream is admitted are refused", async () => {
  const proxy = connectProxy(cp, { token });
  const first = bytesOf({ typeUrl: typeUrl.cluster, node: { id: "default.flood", metadata: bringing(dataplaneResource("flood")) } });
  proxy.write(Buffer.concat([first, ...Array.from({ length: 100 }, () => bytesOf({ typeUrl: typeUrl.cluster }))]));
  expect((await proxy.closed()).code).toBe(8);
  proxy.leave();
});

test("a stream that asks for too many names is refused", async () => {
  const proxy = await open("greedy", true);
  for (let round = 0; round < 12; round++) proxy.subscribe(typeUrl.endpoints, Array.from({ length: 10_000 }, (_, at) => `name-${round}-${at}`));
  expect((await proxy.closed()).code).toBe(8);
  proxy.leave();
});

test("an unknown method and an unknown service are unimplemented", async () => {
  const session = openSession(cp);
  for (const path of [`${service}/NoSuchMethod`, "/no.such.Service/Method", "/"]) {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
    const code = await new Promise((resolve) => stream.on("response", (headers) => resolve(headers["grpc-status"])).on("error", () => resolve("reset")));
    expect(code).toBe("12");
  }
  session.destroy();
});

test("a reset in the middle of a message and of an answer frees the name", async () => {
  for (let round = 0; round < 10; round++) {
    const proxy = proxyNamed("reset");
    proxy.subscribe(typeUrl.cluster);
    if (round % 2) await proxy.next();
    proxy.write(Buffer.from([0, 0, 0, 1]));
    proxy.stream.close([constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_INTERNAL_ERROR][round % 3]);
    if (round % 2) proxy.session.destroy();
    else await pause(20);
    await until(async () => {
      const again = proxyNamed("reset");
      again.subscribe(typeUrl.cluster);
      const ok = await again.next().then(() => true, () => false);
      again.leave();
      return ok;
    });
    await until(() => free("reset"));
    proxy.leave();
  }
});

/** True when nobody holds the name. */
const free = async (name: string): Promise<boolean> => {
  const proxy = proxyNamed(name);
  proxy.subscribe(typeUrl.cluster);
  const ok = await proxy.next().then(() => true, () => false);
  proxy.leave();
  await pause(20);
  return ok;
};

test("a paused reader that goes away quietly frees its name", async () => {
  const proxy = await open("quiet");
  proxy.stream.pause();
  for (let at = 0; at < 50; at++) proxy.subscribe(typeUrl.endpoints, [`n-${at}`]);
  proxy.stream.close(constants.NGHTTP2_NO_ERROR);
  await until(() => free("quiet"));
  proxy.leave();
});

const pings = async (session: ClientHttp2Session, rounds: number) => {
  for (let at = 0; at < rounds && !session.destroyed; at++) {
    try {
      session.ping(() => {});
    } catch {
      await pause(1);
    }
    if (at % 50 === 0) await pause(1);
  }
};

test("thousands of pings and settings cost only time", async () => {
  const before = residentMb();
  const session = openSession(cp);
  await pings(session, 5000);
  for (let at = 0; at < 2000 && !session.destroyed; at++) {
    session.settings({ initialWindowSize: 65_535 + at });
    if (at % 20 === 0) await pause(1);
  }
  expect(residentMb() - before).toBeLessThan(100);
  session.destroy();
});

test("a flood of pings from a peer that reads nothing is cut off or costs nothing", async () => {
  const peer = await rawPeer(cp.ports.dp, { caPem: cp.caPem, alpn: "h2" });
  const before = residentMb();
  peer.socket.on("error", () => {});
  peer.socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  peer.socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  peer.socket.pause();
  const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const settings = Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0]);
  const flood = Buffer.concat(Array.from({ length: 2000 }, (_, at) => (at % 2 ? ping : settings)));
  for (let at = 0; at < 200 && !peer.socket.destroyed; at++) {
    peer.socket.write(flood);
    if (at % 10 === 0) await pause(1);
  }
  await pause(300);
  expect(residentMb() - before).toBeLessThan(150);
  peer.socket.destroy();
});

test("streams opened and reset at once do not stop the others", async () => {
  const session = openSession(cp);
  for (let at = 0; at < 3000 && !session.destroyed; at++) {
    const stream = session.request({ ":method": "POST", ":path": `${service}/StreamAggregatedResources`, "content-type": "application/grpc" });
    stream.on("error", () => {});
    stream.close(constants.NGHTTP2_CANCEL);
    if (at % 100 === 0) await pause(1);
  }
  session.destroy();
});

test("200 proxies that come and go leave nothing behind", async () => {
  const listed = async () => (JSON.parse((await cp.get("/meshes/default/dataplanes?name=guest")).text) as { total: number }).total;
  const sockets = () => process.getActiveResourcesInfo().filter((it) => it === "TLSSocketWrap" || it === "TCPSocketWrap").length;
  await pause(200);
  const before = sockets();
  for (let round = 0; round < 20; round++) {
    const proxies = Array.from({ length: 10 }, (_, at) => proxyNamed(`guest-${round}-${at}`));
    for (const proxy of proxies) proxy.subscribe(typeUrl.cluster);
    await Promise.all(proxies.filter((_, at) => at % 3).map((it) => it.next()));
    for (const proxy of proxies) proxy.leave();
  }
  await until(async () => (await listed()) === 0);
  await until(() => sockets() <= before + 2);
});
