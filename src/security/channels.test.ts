// Listeners and clients over real loopback sockets: what is refused, what survives, what is said.
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { fakeClock, fakePlatform } from "#platform/fake";
import { systemClock, type Clock } from "#platform";
import { expect, test } from "vitest";
import { makeBuiltinRoot } from "./authority/mesh-authority.ts";
import { issueLeaf, openIssuer, type CertificateAndKey } from "./authority/root.ts";
import { replaceableKeyPair } from "./certificates/key-pair-source.ts";
import { parseKeyPair } from "./certificates/key-pair.ts";
import { connectTls, httpClient, isLoopback } from "./connect.ts";
import { endpoints, type EndpointName } from "./endpoints.ts";
import { createHttp1Server, feedHttp1 } from "./http1-server.ts";
import { openEndpoint, type ListenSettings, type TlsSettings } from "./listen.ts";
import { systemTrust } from "./trust.ts";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";

const now = Date.now();
const day = 86_400_000;
const root = await makeBuiltinRoot({ trustDomain: "test", expiryMs: 100 * day, now });
const otherRoot = await makeBuiltinRoot({ trustDomain: "other", expiryMs: 100 * day, now });
const leafOf = (authority: CertificateAndKey, dnsNames = ["localhost"], ipAddresses = ["127.0.0.1"]) =>
  issueLeaf(openIssuer(authority), { dnsNames, ipAddresses, extendedKeyUsage: ["serverAuth", "clientAuth"], now, lifetimeMs: day, backdateMs: 1000 });
const pairOf = async (authority = root, dnsNames?: string[], ips?: string[]) => {
  const leaf = await leafOf(authority, dnsNames, ips);
  return parseKeyPair(leaf.certPem, leaf.keyPem, now);
};

async function serve(tls: Partial<TlsSettings> = {}, answer?: Parameters<typeof createHttp1Server>[0], name: EndpointName = "api-https", clock: Clock = systemClock) {
  const fake = fakePlatform();
  const source = replaceableKeyPair(await pairOf());
  const server = createHttp1Server(answer ?? ((request, response) => void response.end(`hello ${request.url}`)));
  const http2 = createHttp2Server();
  http2.on("session", (session) => session.on("error", () => {}));
  http2.on("stream", (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("h2");
  });
  const open = await openEndpoint(
    name, { host: "127.0.0.1", port: 0, tls: { source, ...tls } },
    { http1: feedHttp1(server), http2: (socket) => void http2.emit("connection", socket) }, { ...fake, clock });
  const url = `https://127.0.0.1:${open.port}`;
  return { open, url, source, log: fake.log, client: (options = {}) => httpClient({ url, caPem: root.certPem, ...options }) };
}

test("a client that trusts the authority is served", async () => {
  const { open, client } = await serve();
  const answer = await client().request({ path: "/x" });
  expect([answer.status, answer.body.toString()]).toEqual([200, "hello /x"]);
  await open.close();
});

test("h2 and http/1.1 share one port", async () => {
  const { open, url, client } = await serve();
  const session = connectHttp2(url, { ca: root.certPem });
  const body = await new Promise<string>((resolve, reject) => session.request({ ":path": "/" }).on("error", reject).on("data", (it: Buffer) => resolve(it.toString())));
  session.close();
  expect(body).toBe("h2");
  expect((await client().request({ path: "/" })).status).toBe(200);
  await open.close();
});

test("the server of another authority is refused, and the certificate it offered is named", async () => {
  const { open, client } = await serve();
  await expect(client({ caPem: otherRoot.certPem }).request({ path: "/", headers: { authorization: "Bearer x" } })).rejects.toThrow(
    /offered a certificate for localhost, 127\.0\.0\.1 \(SHA-256 ([0-9A-F]{2}:?){32}, issued by .*\), which no trusted authority has signed \(trusted: .* with SHA-256 ([0-9A-F]{2}:?){32}\): give its CA certificate/);
  await open.close();
});

test("a wrong name is refused before anything is sent", async () => {
  let requests = 0;
  const { open, source, client } = await serve({}, (_, response) => {
    requests++;
    response.end();
  });
  source.replace(await pairOf(root, ["elsewhere"], []));
  await expect(client().request({ path: "/", body: "secret", method: "POST" })).rejects.toThrow(/offered a certificate for elsewhere, which is not made for that name/);
  expect(requests).toBe(0);
  await open.close();
});

test("a certificate of this machine's authority is not trusted by default, only through SSL_CERT_FILE", async () => {
  const { open, url } = await serve();
  const file = join(temporaryFolder("trust"), "ca.pem");
  writeFileSync(file, root.certPem);
  await expect(httpClient({ url }).request({ path: "/" })).rejects.toThrow(/no trusted authority/);
  expect((await httpClient({ url, environment: { SSL_CERT_FILE: file } }).request({ path: "/" })).status).toBe(200);
  expect((await httpClient({ url, environment: { SSL_CERT_DIR: join(file, "..") } }).request({ path: "/" })).status).toBe(200);
  expect(await systemTrust({ SSL_CERT_FILE: "/none", SSL_CERT_DIR: "/none" })).not.toHaveLength(0);
  await open.close();
});

test("verification is skipped only by the written-out flag", async () => {
  const { open, client } = await serve();
  const answer = await client({ caPem: undefined, skipVerify: { iUnderstandThatTheServerIsNotVerified: true } }).request({ path: "/" });
  expect(answer.status).toBe(200);
  await open.close();
});

test("a replaced pair is served to the next connection without a restart", async () => {
  const { open, source, client } = await serve();
  expect((await client().request({ path: "/" })).status).toBe(200);
  source.replace(await pairOf(otherRoot));
  expect((await client({ caPem: otherRoot.certPem }).request({ path: "/" })).status).toBe(200);
  await expect(client().request({ path: "/" })).rejects.toThrow(/no trusted authority/);
  await open.close();
});

const errorOf = (options: object, port: number) =>
  new Promise<string>((resolve) => {
    const socket = tlsConnect({ host: "127.0.0.1", port, ca: root.certPem, ...options }, () => {
      socket.on("data", () => {});
      resolve(socket.getProtocol() ?? "");
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

test("versions outside the settings are refused", async () => {
  const { open } = await serve({ minVersion: "TLSv1_3" });
  expect(await errorOf({ maxVersion: "TLSv1.2" }, open.port)).toMatch(/PROTOCOL/);
  expect(await errorOf({}, open.port)).toBe("TLSv1.3");
  await open.close();
  const capped = await serve({ maxVersion: "TLSv1_2" });
  expect(await errorOf({}, capped.open.port)).toBe("TLSv1.2");
  expect(await errorOf({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }, capped.open.port)).toMatch(/PROTOCOL/);
  await capped.open.close();
});

test("only the chosen cipher suites are offered", async () => {
  const { open } = await serve({ cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"], maxVersion: "TLSv1_2" });
  expect(await errorOf({ ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }, open.port)).toMatch(/HANDSHAKE/);
  expect(await errorOf({ ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" }, open.port)).toBe("TLSv1.2");
  await open.close();
});

test("plain HTTP on a TLS port gets no answer in HTTP, one debug line, and the server lives", async () => {
  const { open, client, log } = await serve();
  const received = await rawExchange(open.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  expect(received).not.toContain("HTTP/1");
  expect(log.lines.filter((it) => it.startsWith("debug"))).toHaveLength(1);
  expect((await client().request({ path: "/" })).status).toBe(200);
  await open.close();
});

const rawExchange = (port: number, text: string) =>
  new Promise<string>((resolve) => {
    let received = "";
    const socket: Socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (it) => (received += it.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });

test("a required client certificate must be there and of the right authority", async () => {
  const { open, client } = await serve({ clientCa: () => [root.certPem], requireClientCert: "required" });
  await expect(client().request({ path: "/" })).rejects.toThrow(/client's certificate|could not talk/);
  await expect(client({ clientCert: await leafOf(otherRoot) }).request({ path: "/" })).rejects.toThrow(/client's certificate|could not talk/);
  expect((await client({ clientCert: await leafOf(root) }).request({ path: "/" })).status).toBe(200);
  await open.close();
});

test("an optional client certificate may be absent but not wrong", async () => {
  const { open, client } = await serve({ clientCa: () => [root.certPem], requireClientCert: "optional" });
  expect((await client().request({ path: "/" })).status).toBe(200);
  await expect(client({ clientCert: await leafOf(otherRoot) }).request({ path: "/" })).rejects.toThrow();
  await open.close();
});

test("a connection does not outlive the client certificate that opened it", async () => {
  const { open, log } = await serve({ clientCa: () => [root.certPem], requireClientCert: "required" });
  const clientCert = await issueLeaf(openIssuer(root), { dnsNames: ["prometheus"], ipAddresses: [], extendedKeyUsage: ["clientAuth"], now: Date.now(), lifetimeMs: 2000, backdateMs: 1000 });
  const socket = await connectTls({ host: "127.0.0.1", port: open.port, alpn: ["h2"], caPem: root.certPem, clientCert });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.resume().once("close", resolve));
  expect(Date.now()).toBeGreaterThanOrEqual(clientCert.notAfter);
  expect(log.lines.join()).toContain("client certificate has expired");
  await open.close();
});

test("when the clock jumps past the end of a client certificate, its connection ends too", async () => {
  const clock = fakeClock(now);
  const { open, log } = await serve({ clientCa: () => [root.certPem], requireClientCert: "required" }, undefined, "api-https", clock);
  const socket = await connectTls({ host: "127.0.0.1", port: open.port, alpn: ["h2"], caPem: root.certPem, clientCert: await leafOf(root) });
  const closed = new Promise((resolve) => socket.on("error", () => {}).resume().once("close", resolve));
  await expect.poll(() => open.connections().length).toBe(1);
  clock.jump(2 * day);
  clock.advance(10_000);
  await closed;
  expect(log.lines.join()).toContain("client certificate has expired");
  await open.close();
});

test.each(["X25519MLKEM768", "X25519", "P-256"])("the key exchange %s is reported", async (group) => {
  const { open } = await serve();
  const socket = tlsConnect({ host: "127.0.0.1", port: open.port, ca: root.certPem, ecdhCurve: group, ALPNProtocols: ["h2"] });
  await once(socket, "secureConnect");
  await expect.poll(() => open.connections().map((it) => it.tls)).toEqual([{ version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", keyExchange: group }]);
  socket.destroy();
  await open.close();
});

test("closing destroys what is still connected", async () => {
  const { open } = await serve();
  const socket = await connectTls({ host: "127.0.0.1", port: open.port, alpn: ["h2"], caPem: root.certPem });
  expect(socket.alpnProtocol).toBe("h2");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await open.close();
  await closed;
});

const refusals: [string, string, ListenSettings, RegExp][] = [
  ["a name that is not in the table", "backdoor", { host: "127.0.0.1", port: 0 }, /not in the table/],
  ["a name that every object has", "constructor", { host: "127.0.0.1", port: 0 }, /not in the table/],
  ["the proxies' port without TLS", "dp-server", { host: "127.0.0.1", port: 0 }, /never opened without TLS/],
  ["a port as a socket file", "dp-readiness", { path: "/tmp/x.sock" }, /does not listen on a socket file/],
  ["a socket file as a port", "dp-metrics", { host: "127.0.0.1", port: 0 }, /socket file only/],
];
for (const [what, name, settings, reason] of refusals) {
  test(`opening ${what} is refused`, async () => {
    await expect(openEndpoint(name as EndpointName, settings, { http1: () => {} }, fakePlatform())).rejects.toThrow(reason);
  });
}

test("the port between control planes is never opened without client certificates", async () => {
  await expect(serve({}, undefined, "inter-cp")).rejects.toThrow(/does not speak http\/1.1|requires client certificates/);
});

test("a socket file is its owner's alone and replaces one that was left behind", async () => {
  const path = join(temporaryFolder("sock"), "m.sock");
  writeFileSync(path, "");
  const server = createHttp1Server((_, response) => void response.end("metrics"));
  const open = await openEndpoint("dp-metrics", { path }, { http1: feedHttp1(server) }, fakePlatform());
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await httpClient({ url: "http://localhost", socketPath: path }).request({ path: "/" })).body.toString()).toBe("metrics");
  await open.close();
  expect(existsSync(path)).toBe(false);
});

async function servePlain(answer: Parameters<typeof createHttp1Server>[0], headersMs?: number) {
  const fake = fakePlatform();
  const open = await openEndpoint("api-http", { host: "127.0.0.1", port: 0 }, { http1: feedHttp1(createHttp1Server(answer, headersMs === undefined ? {} : { headersMs })) }, fake);
  return { open, url: `http://127.0.0.1:${open.port}`, clock: fake.clock };
}

test("a connection that says nothing is closed after 30 seconds", async () => {
  const { open, clock } = await servePlain((_, response) => void response.end());
  const closed = rawExchange(open.port, "");
  await new Promise((resolve) => setTimeout(resolve, 50));
  clock.advance(30_001);
  expect(await closed).toBe("");
  await open.close();
});

test("half a header does not hold a connection longer than the headers' time", async () => {
  const { open } = await servePlain((_, response) => void response.end(), 200);
  expect(await rawExchange(open.port, "GET / HTTP/1.1\r\nho")).toContain("408");
  await open.close();
});

test("a credential is not sent in clear to another machine", async () => {
  const client = httpClient({ url: "http://192.0.2.1:5681", timeoutMs: 50 });
  await expect(client.request({ path: "/", headers: { Authorization: "Bearer x" } })).rejects.toThrow(/refused to send a credential over http:\/\/ to 192\.0\.2\.1:5681/);
  await expect(client.request({ path: "/bootstrap", body: "{}", bodyIsCredential: true })).rejects.toThrow(/refused/);
  const { open, url } = await servePlain((request, response) => void response.end(request.headers.authorization));
  expect((await httpClient({ url }).request({ path: "/", headers: { Authorization: "Bearer x" } })).body.toString()).toBe("Bearer x");
  await open.close();
});

test("a redirect to another origin is not followed, one to the same is", async () => {
  const { open, url } = await servePlain((request, response) => {
    const location = request.url === "/out" ? "http://127.0.0.1:1/" : request.url === "/in" ? "/there" : undefined;
    response.writeHead(location ? 307 : 200, location ? { location } : {}).end(request.url);
  });
  await expect(httpClient({ url }).request({ path: "/out" })).rejects.toThrow(/redirects to http:\/\/127.0.0.1:1, which is not followed/);
  expect((await httpClient({ url }).request({ path: "/in" })).body.toString()).toBe("/there");
  await open.close();
});

test("an answer over the limit is refused", async () => {
  const { open, url } = await servePlain((_, response) => void response.end("x".repeat(2000)));
  await expect(httpClient({ url, maxResponseBytes: 1000 }).request({ path: "/" })).rejects.toThrow(/larger than 1000 bytes/);
  await open.close();
});

test("a server that does not answer is named with the deadline", async () => {
  const { open, url } = await servePlain(() => {});
  await expect(httpClient({ url, timeoutMs: 100 }).request({ path: "/" })).rejects.toThrow(/did not answer within 100 ms/);
  await open.close();
});

test("https to a plain port, and a port where nobody listens, are said plainly", async () => {
  const { open } = await servePlain((_, response) => void response.end());
  await expect(httpClient({ url: `https://127.0.0.1:${open.port}`, caPem: root.certPem }).request({ path: "/" })).rejects.toThrow(/does not speak TLS/);
  await open.close();
  await expect(httpClient({ url: `http://127.0.0.1:${open.port}` }).request({ path: "/" })).rejects.toThrow(/nothing listens at/);
  expect(() => httpClient({ url: "ftp://x" })).toThrow('unsupported URL scheme "ftp", must be http or https');
});

test("loopback is recognised in every notation, and only loopback", () => {
  expect(["localhost", "LOCALHOST.", "127.9.9.9", "[::1]", "::ffff:127.0.0.1"].map(isLoopback)).toEqual([true, true, true, true, true]);
  expect(["localhost.evil.com", "127.evil.com", "128.0.0.1", "::2", "0.0.0.0"].map(isLoopback)).toEqual([false, false, false, false, false]);
});

test("every endpoint of the table answers nobody unless it says so", () => {
  for (const endpoint of Object.values(endpoints)) expect(endpoint.routes.length).toBeGreaterThan(0);
});
