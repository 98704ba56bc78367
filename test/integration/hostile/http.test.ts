// Hostile and broken HTTP peers of every port, and silent ones: each is answered or cut off in time and memory that are bounded.
import { connect as connectHttp2 } from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { hurriedClock, meshResource, pause, startTestControlPlane, type TestControlPlane } from "../../harness/control-plane.ts";
import { pour, rawPeer, residentMb, type RawPeer } from "../../harness/raw.ts";

let cp: TestControlPlane;
let unexpected = 0;
const onUnexpected = () => void unexpected++;

beforeAll(async () => {
  process.on("uncaughtException", onUnexpected);
  process.on("unhandledRejection", onUnexpected);
  cp = await startTestControlPlane({
    // What takes seconds elsewhere takes a fraction here.
    clock: hurriedClock(20),
    env: { KUMA_API_SERVER_READ_HEADER_TIMEOUT: "500ms", KUMA_API_SERVER_READ_TIMEOUT: "1s", KUMA_API_SERVER_WRITE_TIMEOUT: "1s", KUMA_DP_SERVER_READ_HEADER_TIMEOUT: "500ms" },
  });
});
afterAll(async () => {
  await cp.stop();
  process.off("uncaughtException", onUnexpected);
  process.off("unhandledRejection", onUnexpected);
});
afterEach(async () => {
  expect((await cp.get("/meshes/default")).status).toBe(200);
  expect(unexpected).toBe(0);
});

const ports = ["http", "https", "dp", "diagnostics"] as const;
type Port = (typeof ports)[number];
const isTls = (port: Port) => port === "https" || port === "dp";
const peerOf = (port: Port, alpn = "http/1.1"): Promise<RawPeer> => rawPeer(cp.ports[port], isTls(port) ? { caPem: cp.caPem, alpn } : undefined);
const pathOf = (port: Port): string => (port === "dp" ? "/bootstrap" : port === "diagnostics" ? "/logging" : "/meshes/huge");
const head = (port: Port, length: number, more = "") => `${port === "dp" ? "POST" : "PUT"} ${pathOf(port)} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more}\r\n`;
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);

describe.each(ports)("port %s", (port) => {
  test("a body of 256 MB is refused early, whether it is announced or not", async () => {
    for (const chunked of [false, true]) {
      const before = residentMb();
      const peer = await peerOf(port);
      peer.socket.on("error", () => {});
      peer.socket.write(chunked ? head(port, 0).replace("content-length: 0", "transfer-encoding: chunked") + "10000000\r\n" : head(port, 256 * 1024 * 1024));
      const taken = await pour(peer.socket, 256 * 1024 * 1024);
      await pause(100);
      // The diagnostics port reads and forgets.
      if (port !== "diagnostics") expect(taken).toBeLessThan(64 * 1024 * 1024);
      if (statusOf(peer.received())) expect([413, 400]).toContain(statusOf(peer.received()));
      expect(residentMb() - before).toBeLessThan(150);
      peer.socket.destroy();
    }
  });

  test("headers that are too large are refused", async () => {
    const peer = await peerOf(port);
    peer.socket.on("error", () => {});
    peer.socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx-large: ${"a".repeat(100_000)}\r\n\r\n`);
    expect(statusOf(await peer.closed())).toBe(431);
  });

  test("garbage is refused", async () => {
    const peer = await peerOf(port);
    peer.socket.on("error", () => {});
    peer.socket.write(Buffer.from([0, 1, 2, 3, 255, 254, 13, 10, 13, 10]));
    expect([0, 400]).toContain(statusOf(await peer.closed()));
  });

  for (const [what, lines] of [
    ["two lengths that differ", "content-length: 3\r\ncontent-length: 4\r\n"],
    ["a length and chunks", "content-length: 3\r\ntransfer-encoding: chunked\r\n"],
    ["a negative length", "content-length: -3\r\n"],
    ["no host", "nohost"],
    ["a folded header", "x-a: 1\r\n b\r\n"],
    ["a line feed in a name", "x\na: 1\r\n"],
  ] as const) {
    test(`a request with ${what} is refused`, async () => {
      const peer = await peerOf(port);
      peer.socket.on("error", () => {});
      const host = lines === "nohost" ? "" : `host: localhost\r\n${lines}`;
      peer.socket.write(`PUT ${pathOf(port)} HTTP/1.1\r\n${host}content-type: application/json\r\nconnection: close\r\n\r\nabcd`);
      expect([400, 403]).toContain(statusOf(await peer.closed()));
    });
  }

  test("a connection cut off in the middle of a body costs nothing", async () => {
    for (let round = 0; round < 20; round++) {
      const peer = await peerOf(port);
      peer.socket.write(`${head(port, 1000)}{"type":`);
      await pause(2);
      peer.socket.destroy();
    }
  });
});

describe.each(["dp", "https"] as const)("TLS port %s", (port) => {
  test("garbage before the handshake closes the connection", async () => {
    for (const bytes of [Buffer.from("SSH-2.0-x\r\n"), Buffer.alloc(100), Buffer.from([22, 3, 1, 255, 255, ...Array.from({ length: 100 }, () => 65)])]) {
      const peer = await rawPeer(cp.ports[port]);
      peer.socket.on("error", () => {});
      peer.socket.write(bytes);
      if (bytes[0] === 22) peer.socket.end();
      expect(await peer.closed(15_000)).not.toContain("HTTP");
    }
  });
});

// These wait for deadlines, so they wait together.
describe.concurrent("whoever takes too long", () => {
  for (const port of ports) {
    test(`${port}: headers that never end are cut off`, async () => {
      const peer = await peerOf(port);
      peer.socket.on("error", () => {});
      peer.socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n");
      const timer = setInterval(() => peer.socket.write("x-more: 1\r\n"), 100);
      await peer.closed(15_000).finally(() => clearInterval(timer));
    });

    test(`${port}: a connection that says nothing is closed after a while`, async () => {
      const peer = await rawPeer(cp.ports[port]);
      peer.socket.on("error", () => {});
      await peer.closed(15_000);
    });
  }

  for (const port of ["dp", "https"] as const) {
    test(`${port}: a handshake that stops half-way is given up`, async () => {
      const peer = await rawPeer(cp.ports[port]);
      peer.socket.on("error", () => {});
      peer.socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]));
      await peer.closed(15_000);
    });

    test(`${port}: a peer that shakes hands and then says nothing is closed`, async () => {
      const peer = await peerOf(port, port === "dp" ? "h2" : "http/1.1");
      peer.socket.on("error", () => {});
      await peer.closed(15_000);
    });
  }

  test("a body that comes a byte at a time is cut off on the API", async () => {
    const peer = await peerOf("http");
    peer.socket.on("error", () => {});
    peer.socket.write(head("http", 1_000_000));
    const timer = setInterval(() => peer.socket.write(" "), 50);
    expect(statusOf(await peer.closed(15_000).finally(() => clearInterval(timer)))).toBe(408);
  });
});

test("HTTP/2 bodies that never end are refused in time, and those that are too large early", async () => {
  const session = connectHttp2(`https://127.0.0.1:${cp.ports.dp}`, { ca: cp.caPem });
  session.on("error", () => {});
  const statusFor = (start: (stream: ReturnType<typeof session.request>) => void) =>
    new Promise<number>((resolve) => {
      const stream = session.request({ ":method": "POST", ":path": "/bootstrap", "content-type": "application/json" });
      stream.on("response", (headers) => resolve(Number(headers[":status"])));
      stream.on("error", () => {});
      stream.on("close", () => resolve(-1));
      start(stream);
    });
  expect(await statusFor((stream) => void stream.write("{"))).toBe(408);
  expect(await statusFor((stream) => void stream.write(Buffer.alloc(6_000_000, 0x20)))).toBe(413);
  expect(await statusFor((stream) => void stream.end("{"))).toBe(400);
  session.destroy();
});

test("a reader of a large answer that never reads is cut off", async () => {
  for (let at = 0; at < 300; at++) await cp.put(`/meshes/m-${at}`, meshResource(`m-${at}`, { constraints: { dataplaneProxy: { requirements: [{ tags: { a: "x".repeat(20_000) } }] } } }));
  const before = residentMb();
  const peers = await Promise.all(Array.from({ length: 5 }, () => peerOf("http")));
  const closings = peers.map((peer) => {
    peer.socket.on("error", () => {});
    peer.socket.pause();
    for (let at = 0; at < 20; at++) peer.socket.write("GET /meshes?size=1000 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    return peer;
  });
  await pause(6000);
  expect(residentMb() - before).toBeLessThan(300);
  for (const peer of closings) peer.socket.resume();
  await Promise.all(closings.map((it) => it.closed(10_000)));
  for (let at = 0; at < 300; at++) await cp.remove(`/meshes/m-${at}`);
});

const deep = (count: number) => `${'{"a":'.repeat(count)}1${"}".repeat(count)}`;
const resources: Record<string, string> = {
  "nothing": "", "null": "null", "a list": "[]", "a number": "7", "a text": '"x"', "half a document": '{"type":"Mesh","name":"odd"', "two documents": '{"type":"Mesh","name":"odd"}{}',
  "deep nesting": `{"type":"Mesh","name":"odd","routing":${deep(100_000)}}`, "deep lists": `{"type":"Mesh","name":"odd","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
  "__proto__": '{"type":"Mesh","name":"odd","__proto__":{"isAdmin":true}}', "__proto__ deep inside": '{"type":"Mesh","name":"odd","routing":{"a":{"__proto__":1}}}', "another name": '{"type":"Mesh","name":"other"}',
  "another kind": '{"type":"Secret","name":"odd"}', "a byte order mark": '\uFEFF{"type":"Mesh","name":"odd"}', "a name of objects": '{"type":"Mesh","name":{"toString":1}}', "labels of the wrong kind": '{"type":"Mesh","name":"odd","labels":{"a":1}}',
  "a name too many": '{"type":"Mesh","name":"odd","labels":[]}', "a key given twice": '{"type":"Mesh","name":"x","name":"odd"}', "numbers beyond all": '{"type":"Mesh","name":"odd","mtls":{"backends":[{"name":1e999}]}}',
};
for (const [what, text] of Object.entries(resources)) {
  test(`PUT of ${what} is refused with an error document, and nothing is stored`, async () => {
    const { status, text: body } = await cp.put("/meshes/odd", text);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ status: 400, type: "/std-errors" });
    expect((await cp.get("/meshes/odd")).status).toBe(404);
  });
}

test("PUT of deep nesting into every kind with free content is refused, and the stack survives", async () => {
  for (const [path, type] of [["meshproxypatches", "MeshProxyPatch"], ["meshtimeouts", "MeshTimeout"], ["dataplanes", "Dataplane"], ["secrets", "Secret"]] as const) {
    const { status } = await cp.put(`/meshes/default/${path}/odd`, `{"type":"${type}","mesh":"default","name":"odd","spec":${deep(50_000)}}`);
    expect(status).toBe(400);
  }
});

test("PUT of 50 MB is refused", async () => {
  const answer = await cp.put("/meshes/odd", `{"type":"Mesh","name":"odd","x":"${"x".repeat(50_000_000)}"}`).catch(() => ({ status: 413, text: "" }));
  expect(answer.status).toBe(413);
});

for (const [what, name] of [["Cyrillic look-alikes", "dеfault"], ["a full-width letter", "ｄefault"], ["a zero-width space", "de\u200Bfault"], ["an override of direction", "de\u202Efault"], ["upper case", "Default"], ["a slash", "de/fault"], ["a dot segment", ".."], ["a null byte", "de\0fault"], ["300 letters", "x".repeat(300)]] as const) {
  test(`a mesh named with ${what} is not created`, async () => {
    const { status } = await cp.put(`/meshes/${encodeURIComponent(name)}`, { type: "Mesh", name });
    expect([400, 404, 405]).toContain(status);
    expect(JSON.parse((await cp.get("/meshes?size=1000")).text).items.map((it: { name: string }) => it.name)).not.toContain(name);
  });
}

for (const path of ["/meshes/%", "/meshes/%zz", "/meshes/%ff%fe", `/${"a/".repeat(5000)}`, "/meshes?size=1e9", "/meshes?size=-1", "/meshes?offset=99999999999999999999", "/meshes?filter[labels.__proto__]=x", "/meshes?filter[constructor]=x", "/_kri/kri_", "/_kri/%00", "//meshes", "/meshes/default/..%2f..%2fglobal-secrets", "/meshes/__proto__", "/meshes/constructor/dataplanes", "/meshes/default/dataplanes/__proto__"]) {
  test(`GET ${path.slice(0, 60)} is answered below 500`, async () => {
    const peer = await peerOf("http");
    peer.socket.on("error", () => {});
    peer.socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    const status = statusOf(await peer.closed());
    expect(status).toBeGreaterThan(0);
    expect(status).toBeLessThan(500);
  });
}

test("a body in another encoding is refused", async () => {
  const put = (headers: Record<string, string>, body: Uint8Array<ArrayBuffer>) => fetch(`${cp.api}/meshes/odd`, { method: "PUT", headers: { "content-type": "application/json", ...headers }, body });
  const text = '{"type":"Mesh","name":"odd"}';
  expect((await put({ "content-encoding": "gzip" }, new Uint8Array([31, 139, 8, 0, 0, 0, 0, 0]))).status).toBe(400);
  expect((await put({ "content-type": "application/json; charset=utf-16" }, new Uint8Array(Buffer.from(text, "utf16le")))).status).toBe(400);
  expect((await put({ "content-type": "text/yaml" }, new Uint8Array(Buffer.from(text)))).status).toBe(415);
  expect((await cp.get("/meshes/odd")).status).toBe(404);
});
