// Users who show certificates on the HTTPS port of the API: by bundle, by directory, required or not, while the files change.
import { execFile } from "node:child_process";
import { request } from "node:https";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeAdminAuthority, openSystemAuthority } from "#security";
import { startTestControlPlane, until, type TestControlPlane } from "../harness/control-plane.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const folder = temporaryFolder("client-certs");

interface Client {
  readonly cert: string;
  readonly key: string;
  readonly caPem: string;
}

async function makeClient(): Promise<Client> {
  const now = Date.now();
  const authority = openSystemAuthority(await makeAdminAuthority(now));
  const { certPem, keyPem } = await authority.issueClient(["someone"], { now, lifetimeMs: 3_600_000 });
  return { cert: certPem, key: keyPem, caPem: authority.caPem };
}

/** The name the control plane sees; a failed connection is its error. Never the local administrator. */
function whoAmI(controlPlane: TestControlPlane, client?: Client): Promise<string> {
  return new Promise((resolve) => {
    const call = request(
      { host: "127.0.0.1", port: controlPlane.ports.https, path: "/who-am-i", ca: controlPlane.caPem, headers: { "x-forwarded-for": "192.0.2.1" }, agent: false, ...(client ? { cert: client.cert, key: client.key } : {}) },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve((JSON.parse(text) as { name?: string }).name ?? text));
      },
    );
    call.on("error", (error) => resolve(`refused: ${error.message}`));
    call.end();
  });
}

const started: TestControlPlane[] = [];
afterAll(async () => {
  for (const it of started) await it.stop();
});
async function start(env: Readonly<Record<string, string>>): Promise<TestControlPlane> {
  const controlPlane = await startTestControlPlane({ env });
  started.push(controlPlane);
  return controlPlane;
}

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test("with adminClientCerts a certificate of the bundle is the administrator's, none is anonymous, a foreign one is refused", async () => {
  const [client, stranger] = [await makeClient(), await makeClient()];
  const controlPlane = await start({ KUMA_API_SERVER_AUTHN_TYPE: "adminClientCerts", KUMA_API_SERVER_HTTPS_TLS_CA_FILE: file("bundle.pem", client.caPem) });
  expect(await whoAmI(controlPlane, client)).toBe("mesh-system:admin");
  expect(await whoAmI(controlPlane)).toBe("mesh-system:anonymous");
  expect(await whoAmI(controlPlane, stranger)).toMatch(/^refused/);
});

test("the directory counts too: another file is accepted without a restart, a removed one is not, a broken one changes nothing", async () => {
  const [first, second] = [await makeClient(), await makeClient()];
  const directory = temporaryFolder("dir");
  writeFileSync(join(directory, "first.pem"), first.caPem);
  writeFileSync(join(directory, "README.txt"), "no certificate");
  const controlPlane = await start({ KUMA_API_SERVER_AUTHN_TYPE: "adminClientCerts", KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR: directory });
  expect(await whoAmI(controlPlane, first)).toBe("mesh-system:admin");
  expect(await whoAmI(controlPlane, second)).toMatch(/^refused/);
  writeFileSync(join(directory, "second.crt"), second.caPem);
  await until(async () => (await whoAmI(controlPlane, second)) === "mesh-system:admin", 5000);
  writeFileSync(join(directory, "broken.pem"), "-----BEGIN CERTIFICATE-----\nAA");
  await until(() => controlPlane.log.some((it) => it.includes("the last good ones stay")), 5000);
  expect(await whoAmI(controlPlane, first)).toBe("mesh-system:admin");
  rmSync(join(directory, "broken.pem"));
  rmSync(join(directory, "first.pem"));
  await until(async () => (await whoAmI(controlPlane, first)).startsWith("refused"), 5000);
  expect(await whoAmI(controlPlane, second)).toBe("mesh-system:admin");
});

test("a live connection ends when the authority of its certificate is taken away", async () => {
  const [client, other] = [await makeClient(), await makeClient()];
  const bundle = file("live.pem", client.caPem);
  const controlPlane = await start({ KUMA_API_SERVER_AUTHN_TYPE: "adminClientCerts", KUMA_API_SERVER_HTTPS_TLS_CA_FILE: bundle });
  const { connect } = await import("node:tls");
  const socket = connect({ host: "127.0.0.1", port: controlPlane.ports.https, ca: controlPlane.caPem, cert: client.cert, key: client.key });
  const closed = new Promise<boolean>((resolve) => socket.once("close", () => resolve(true)));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  socket.write("GET /who-am-i HTTP/1.1\r\nhost: x\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  writeFileSync(bundle, other.caPem);
  expect(await Promise.race([closed, new Promise((resolve) => setTimeout(() => resolve(false), 5000))])).toBe(true);
});

test("required: nobody gets in without a certificate, a token or not", async () => {
  const client = await makeClient();
  const controlPlane = await start({ KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT: "true", KUMA_API_SERVER_HTTPS_TLS_CA_FILE: file("required.pem", client.caPem) });
  expect(await whoAmI(controlPlane)).toMatch(/^refused/);
  expect(await whoAmI(controlPlane, client)).toBe("mesh-system:anonymous");
});

test("a file that is no certificate stops the start with its name", async () => {
  const path = file("bad.pem", "hello");
  await expect(startTestControlPlane({ env: { KUMA_API_SERVER_HTTPS_TLS_CA_FILE: path } })).rejects.toThrow(`failed to load PEM client certificate from "${path}"`);
});

test("required without any authority stops the start", async () => {
  await expect(startTestControlPlane({ env: { KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT: "true" } })).rejects.toThrow("apiServer.https.tlsCaFile");
});

test("kumactl shows its client certificate", async () => {
  const client = await makeClient();
  const controlPlane = await start({ KUMA_API_SERVER_AUTHN_TYPE: "adminClientCerts", KUMA_API_SERVER_HTTPS_TLS_CA_FILE: file("kumactl.pem", client.caPem) });
  const [cert, key, ca] = [file("client.pem", client.cert), file("client.key", client.key), file("cp.crt", controlPlane.caPem)];
  const kumactl = (...args: string[]) =>
    new Promise<string>((resolve) => {
      const program = new URL("../../bin/kumactl", import.meta.url).pathname;
      execFile(program, [...args, `--config-file=${join(folder, "kumactl-config")}`], { env: { ...process.env, HOME: folder } }, (_error, out, err) => resolve(out + err));
    });
  const add = ["config", "control-planes", "add", "--name=x", `--address=https://127.0.0.1:${controlPlane.ports.https}`, `--ca-cert-file=${ca}`, "--headers=x-forwarded-for=192.0.2.1", "--overwrite"];
  await kumactl(...add);
  expect(await kumactl("get", "global-secrets")).toMatch(/cannot access|denied/i);
  await kumactl(...add, `--client-cert-file=${cert}`, `--client-key-file=${key}`);
  expect(await kumactl("get", "global-secrets")).toContain("envoy-admin-ca");
  expect(readFileSync(join(folder, "kumactl-config"), "utf8")).not.toContain("PRIVATE KEY");
}, 60_000);
