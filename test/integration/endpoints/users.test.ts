// The API and the diagnostics port walked by strangers; TLS where TLS is due; the table of endpoints and what is really open.
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as connectPlain } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpoints, makeBuiltinRoot, openEndpoint, type EndpointName } from "#security";
import { fakePlatform } from "#platform/fake";
import { startTestControlPlane, type Answer, type TestControlPlane } from "../../harness/control-plane.ts";
import { forge, idOf, newKeyPem, secretResource, secretText } from "../../harness/tokens.ts";

let cp: TestControlPlane;
let stranger: string;
const bad: Record<string, string> = {};
const secrets: string[] = [];
let foreignCa: string;

beforeAll(async () => {
  cp = await startTestControlPlane({ env: { KUMA_API_SERVER_AUTHN_LOCALHOST_IS_ADMIN: "true" } });
  const key = await secretText(cp, "/global-secrets/user-token-signing-key-1");
  const foreign = newKeyPem();
  const claims = { Name: "mesh-system:admin", Groups: ["mesh-system:admin"] };
  const past = Math.floor(Date.now() / 1000) - 60;
  stranger = await cp.token("user", { name: "john", groups: ["people"] });
  Object.assign(bad, {
    garbage: "this is no token",
    expired: forge({ key, claims: { ...claims, exp: past } }),
    "a foreign key": forge({ key: foreign, claims }),
    "an unknown key id": forge({ key: foreign, kid: "9", claims }),
    HS256: forge({ alg: "HS256", key, claims }),
    "no algorithm": forge({ alg: "none", key: "", claims }),
    "a proxy's": await cp.token("dataplane", { mesh: "default" }),
    "a zone's": await cp.token("zone", { zone: "default", scope: ["ingress"] }),
    revoked: await cp.token("user", { name: "mesh-system:admin", groups: ["mesh-system:admin"] }),
  });
  await cp.put("/global-secrets/user-token-revocations", secretResource("user-token-revocations", idOf(bad["revoked"] ?? "")));
  foreignCa = (await makeBuiltinRoot({ trustDomain: "elsewhere", expiryMs: 86_400_000, now: Date.now() })).certPem;
  secrets.push(key, foreign, stranger, ...Object.values(bad));
});
afterAll(() => cp.stop());

type Channel = "api-http" | "api-https";

/** Seen through a proxy, so that being on this machine gives nobody rights. */
const call = (channel: Channel, method: string, path: string, headers: Record<string, string | string[]> = {}, body = "") =>
  new Promise<Answer>((resolve, reject) => {
    const options = { host: "127.0.0.1", method, path, agent: false, headers: { "x-forwarded-for": "203.0.113.9", ...(method === "GET" ? {} : { "content-type": "application/json" }), ...headers } } as const;
    const send = channel === "api-http" ? httpRequest({ ...options, port: cp.ports.http }) : httpsRequest({ ...options, port: cp.ports.https, ca: cp.caPem });
    send.on("response", (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    send.on("error", reject);
    send.end(body);
  });

const guarded: readonly (readonly [method: string, path: string, body: string])[] = [
  ["GET", "/global-secrets", ""],
  ["GET", "/global-secrets/admin-user-token", ""],
  ["GET", "/meshes/default/secrets", ""],
  ["GET", "/secrets", ""],
  ["PUT", "/global-secrets/mine", JSON.stringify(secretResource("mine", "x"))],
  ["DELETE", "/global-secrets/user-token-signing-key-1", ""],
  ["POST", "/tokens/dataplane", '{"mesh":"default","validFor":"1h"}'],
  ["POST", "/tokens/zone", '{"zone":"default","scope":["egress"],"validFor":"1h"}'],
  ["POST", "/tokens/user", '{"name":"mesh-system:admin","groups":["mesh-system:admin"],"validFor":"1h"}'],
];

for (const channel of ["api-http", "api-https"] as const) {
  describe(channel, () => {
    for (const [method, path, body] of guarded) {
      test(`${method} ${path} is for administrators only`, async () => {
        for (const headers of [{}, { authorization: `Bearer ${stranger}` }]) {
          const { status, text } = await call(channel, method, path, headers, body);
          expect(status).toBe(403);
          expect(JSON.parse(text)).toMatchObject({ status: 403, title: "Access Denied" });
        }
      });
    }

    for (const credential of ["garbage", "expired", "a foreign key", "an unknown key id", "HS256", "no algorithm", "a proxy's", "a zone's", "revoked"]) {
      test(`the token "${credential}" is refused everywhere, without a reason`, async () => {
        for (const path of ["/meshes", "/global-secrets", "/who-am-i"]) {
          const { status, text } = await call(channel, "GET", path, { authorization: `Bearer ${bad[credential] ?? ""}` });
          expect(status).toBe(401);
          expect(JSON.parse(text)).toMatchObject({ status: 401, detail: "Unauthenticated" });
        }
      });
    }

    test("a second authorization header is refused, whatever the first says", async () => {
      const { status } = await call(channel, "GET", "/meshes", { authorization: [`Bearer ${stranger}`, "Bearer x"] as string[] });
      expect(status).toBe(401);
    });

    test("what needs no credential answers without one", async () => {
      expect((await call(channel, "GET", "/")).status).toBe(200);
    });
  });
}

describe("diagnostics", () => {
  for (const [path, status] of [["/ready", 200], ["/healthy", 200], ["/metrics", 200], ["/logging", 200], ["/debug/pprof/heap", 404], ["/meshes", 404], ["/config", 404]] as const) {
    test(`${path} answers ${status}`, async () => {
      expect((await fetch(`http://127.0.0.1:${cp.ports.diagnostics}${path}`)).status).toBe(status);
    });
  }
});

const tlsError = (port: number, options: ConnectionOptions) =>
  new Promise<string>((resolve) => {
    const socket = connectTls({ host: "127.0.0.1", port, ca: cp.caPem, ...options }, () => {
      resolve(`connected ${socket.getProtocol()}`);
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

for (const name of ["dp", "https"] as const) {
  describe(`TLS on the ${name} port`, () => {
    test("TLS 1.1 is refused", async () => {
      expect(await tlsError(cp.ports[name], { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" })).toMatch(/PROTOCOL|VERSION/);
    });

    test("TLS 1.2 and 1.3 are served", async () => {
      expect(await tlsError(cp.ports[name], { maxVersion: "TLSv1.2" })).toBe("connected TLSv1.2");
      expect(await tlsError(cp.ports[name], {})).toBe("connected TLSv1.3");
    });

    test("a client with another authority does not connect", async () => {
      expect(await tlsError(cp.ports[name], { ca: foreignCa })).toMatch(/SELF_SIGNED|UNABLE_TO/);
    });

    test("plain HTTP gets no answer in HTTP and nothing is served", async () => {
      const received = await new Promise<string>((resolve) => {
        let text = "";
        const socket = connectPlain(cp.ports[name], "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        socket.on("data", (chunk) => (text += chunk.toString("latin1")));
        socket.on("error", () => {});
        socket.on("close", () => resolve(text));
      });
      expect(received).not.toContain("HTTP/1");
    });
  });
}

test("every listener of the control plane is one of the table", () => {
  const ours = Object.entries(endpoints).filter(([, it]) => it.program === "kuma-cp").map(([name]) => name);
  expect(ours).toEqual(expect.arrayContaining(["dp-server", "api-http", "api-https", "diagnostics"]));
});

test("a listener that is not in the table cannot be opened", async () => {
  for (const name of ["backdoor", "toString", "__proto__", ""]) {
    await expect(openEndpoint(name as EndpointName, { host: "127.0.0.1", port: 0 }, { http1: () => {} }, fakePlatform())).rejects.toThrow(/not in the table/);
  }
});

test("no token and no private key appears in any line of the log", () => {
  const lines = cp.log.join("");
  for (const secret of secrets) {
    const pieces = secret.includes("PRIVATE KEY") ? [secret.split("\n")[3] ?? secret] : secret.split(".").slice(1).filter((it) => it.length > 40);
    for (const piece of pieces) expect(lines.includes(piece.slice(0, 40))).toBe(false);
  }
  expect(lines).not.toContain("PRIVATE KEY");
});
