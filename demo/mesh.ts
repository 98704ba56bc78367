// A small mesh on this machine: a control plane, two proxies with real Envoy, two services; and the questions the demo asks it.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { reasonOf } from "#platform";
import { freePorts, startProgram, type Program } from "./programs.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface DemoMesh {
  readonly api: string;
  readonly folder: string;
  readonly programs: Program[];
  readonly ports: { readonly http: number; readonly https: number; readonly dp: number; readonly diagnostics: number; readonly outbound: number; readonly inbound: number };
  startControlPlane(): Promise<number>;
  startProxies(): Promise<void>;
  controlPlane(): Program;
  put(path: string, resource: object): Promise<void>;
  get<T>(path: string): Promise<T>;
  /** A request by the web service through its own proxy to the backend. */
  call(path?: string): Promise<Answer>;
  callPlaintext(): Promise<string>;
  peerCertificate(): Promise<{ readonly subjectAltName: string; readonly protocol: string; readonly isSignedByMesh: boolean; readonly validTo: string }>;
  stop(): Promise<void>;
}

const host = "127.0.0.1";

export async function openMesh(folder: string, envoyPath: string): Promise<DemoMesh> {
  mkdirSync(folder, { recursive: true });
  const [http = 0, https = 0, dp = 0, diagnostics = 0, outbound = 0, inbound = 0, inbound2 = 0, v1 = 0, v2 = 0, webPort = 0, webInbound = 0] = await freePorts(11);
  const api = `http://localhost:${http}`;
  const programs: Program[] = [];
  const services: Server[] = [service(v1, "backend v1"), service(v2, "backend v2"), service(webPort, "web")];
  let controlPlane: Program | undefined;
  const env = {
    HOME: folder, KUMA_GENERAL_WORK_DIR: join(folder, "kuma"),
    KUMA_API_SERVER_HTTP_PORT: String(http), KUMA_API_SERVER_HTTP_INTERFACE: host, KUMA_API_SERVER_HTTPS_PORT: String(https), KUMA_API_SERVER_HTTPS_INTERFACE: host,
    KUMA_DP_SERVER_PORT: String(dp), KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics), KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: "0",
  };
  const put = async (path: string, resource: object) => {
    const response = await fetch(api + path, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(resource) });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(api + path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return (await response.json()) as T;
  };
  const call = (path = "/"): Promise<Answer> => plainRequest(outbound, path);
  return {
    api, folder, programs, put, get, call,
    ports: { http, https, dp, diagnostics, outbound, inbound },
    controlPlane() {
      if (!controlPlane) throw new Error("the control plane was not started");
      return controlPlane;
    },
    async startControlPlane() {
      const started = performance.now();
      controlPlane = startProgram("kuma-cp", ["run"], env, folder);
      programs.push(controlPlane);
      await until(() => fetch(`${api}/meshes/default`).then((it) => it.ok), 30_000, "the control plane did not answer", controlPlane);
      return performance.now() - started;
    },
    async startProxies() {
      const dataplanes = {
        backend: dataplane("backend", "127.0.0.2", [{ port: inbound, servicePort: v1, version: "v1" }, { port: inbound2, servicePort: v2, version: "v2" }], []),
        web: dataplane("web", "127.0.0.3", [{ port: webInbound, servicePort: webPort, version: "v1" }], [{ port: outbound, service: "backend" }]),
      };
      for (const [name, resource] of Object.entries(dataplanes)) {
        const token = await fetch(`${api}/tokens/dataplane`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ mesh: "default", name, validFor: "24h" }) });
        if (!token.ok) throw new Error(`no token for ${name}: ${token.status} ${await token.text()}`);
        writeFileSync(join(folder, `${name}.token`), await token.text(), { mode: 0o600 });
        writeFileSync(join(folder, `${name}.json`), JSON.stringify(resource, null, 2));
        const args = [
          "run", `--cp-address=https://localhost:${dp}`, `--ca-cert-file=${join(folder, "kuma", "kuma-cp.crt")}`, `--dataplane-file=${join(folder, `${name}.json`)}`,
          `--dataplane-token-file=${join(folder, `${name}.token`)}`, `--binary-path=${envoyPath}`, "--drain-time=1s", "--concurrency=1",
        ];
        programs.push(startProgram("kuma-dp", args, { HOME: folder }, folder, `kuma-dp-${name}`));
      }
    },
    callPlaintext: () => plainRequest(inbound, "/", "127.0.0.2").then((it) => `answered ${it.status}`, (error: Error) => error.message),
    async peerCertificate() {
      const secret = await get<{ data: string }>("/meshes/default/secrets/default.ca-builtin-cert-ca-1");
      const ca = Buffer.from(secret.data, "base64").toString("utf8");
      return new Promise((resolve, reject) => {
        const socket = tlsConnect({ host: "127.0.0.2", port: inbound, ca, ALPNProtocols: ["kuma"], checkServerIdentity: () => undefined }, () => {
          const certificate = socket.getPeerCertificate();
          resolve({ subjectAltName: certificate.subjectaltname ?? "", protocol: socket.getProtocol() ?? "", isSignedByMesh: socket.authorized, validTo: certificate.valid_to });
          socket.destroy();
        });
        socket.once("error", reject);
      });
    },
    async stop() {
      for (const program of programs.toReversed()) await program.end("SIGTERM");
      await Promise.all(services.map((it) => new Promise((resolve) => it.close(resolve))));
    },
  };
}

function service(port: number, name: string): Server {
  return createServer((request, response) => {
    const answer = () => response.end(`${name} says hello; caller: ${/URI=(spiffe:[^;,]+)/.exec(String(request.headers["x-forwarded-client-cert"] ?? ""))?.[1] ?? "unknown"}\n`);
    if (request.url === "/slow") setTimeout(answer, 1500);
    else answer();
  }).listen(port, host);
}

interface InboundFacts {
  readonly port: number;
  readonly servicePort: number;
  readonly version: string;
}

function dataplane(name: string, address: string, inbounds: readonly InboundFacts[], outbounds: readonly { readonly port: number; readonly service: string }[]) {
  return {
    type: "Dataplane", mesh: "default", name,
    networking: {
      address,
      inbound: inbounds.map(({ port, servicePort, version }) => ({ port, servicePort, serviceAddress: host, tags: { "kuma.io/service": name, "kuma.io/protocol": "http", version } })),
      outbound: outbounds.map(({ port, service: target }) => ({ port, tags: { "kuma.io/service": target } })),
    },
  };
}

function plainRequest(port: number, path: string, address = host): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: address, port, path, timeout: 10_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: body.trim() }));
      response.on("error", reject);
    });
    request.on("error", reject).on("timeout", () => request.destroy(new Error("timed out")));
    request.end();
  });
}

/** Asks until it is so and stays so: the time of the last answer that was otherwise counts. */
export async function untilItStays(question: () => Promise<boolean>, timeoutMs: number, otherwise: string): Promise<number> {
  const started = performance.now();
  let settledAt: number | undefined;
  for (;;) {
    const asked = performance.now();
    if (await question()) settledAt ??= asked;
    else settledAt = undefined;
    const now = performance.now();
    if (settledAt !== undefined && now - settledAt > 400) return settledAt - started;
    if (now - started > timeoutMs) throw new Error(`${otherwise} within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Asks until it is so; errors of the question count as "not yet". */
export async function until(question: () => Promise<boolean>, timeoutMs: number, otherwise: string, program?: Program): Promise<number> {
  const started = performance.now();
  let last = "";
  for (;;) {
    const isSo = await question().catch((error: unknown) => {
      last = reasonOf(error);
      return false;
    });
    const took = performance.now() - started;
    if (isSo) return took;
    if (program && program.child.exitCode !== null) throw new Error(`${program.name} ended with code ${program.child.exitCode}; see ${program.logFile}`);
    if (took > timeoutMs) throw new Error(`${otherwise} within ${timeoutMs / 1000} s${last ? ` (${last})` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
