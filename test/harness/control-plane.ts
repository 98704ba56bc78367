// A control plane of this very process for tests: kept in memory, on free ports, with a log that remembers.
import { request as httpRequest } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { createLog, systemClock, systemRandom, type Clock, type LogLevels } from "#platform";
import { loadConfig } from "../../src/kuma-cp/config/load.ts";
import { startControlPlane } from "../../src/kuma-cp/control-plane.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface TestControlPlane {
  /** `http://127.0.0.1:<port>`. */
  readonly api: string;
  readonly ports: { readonly http: number; readonly https: number; readonly dp: number; readonly diagnostics: number; readonly mads: number };
  readonly caPem: string;
  /** Every line of the log so far, of all levels, as an operator would see it. */
  readonly log: readonly string[];
  get(path: string): Promise<Answer>;
  /** The body is sent as it is when it is text. Both are the local administrator's. */
  put(path: string, body: unknown): Promise<Answer>;
  remove(path: string): Promise<Answer>;
  /** Any request, with these headers and no others that matter. */
  send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer & { readonly headers: Readonly<Record<string, unknown>> }>;
  /** `kind` is `dataplane`, `zone` or `user`; the body is that of `/tokens/<kind>`. */
  token(kind: "dataplane" | "zone" | "user", body: object): Promise<string>;
  stop(): Promise<void>;
}

export interface TestOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Stands in for the process's own, for instance one that runs faster. */
  readonly clock?: Clock;
}

const hour = "1h";

/** Ready to issue tokens for mesh `default` when it returns. */
export async function startTestControlPlane({ env = {}, clock = systemClock }: TestOptions = {}): Promise<TestControlPlane> {
  const folder = temporaryFolder("cp");
  const log: string[] = [];
  const levels: LogLevels = { root: "debug", byName: new Map() };
  const platform = { clock, random: systemRandom, metrics: new Registry(), log: createLog((line) => void log.push(line), () => clock.now(), levels) };
  const config = loadConfig({
    env: {
      KUMA_STORE_TYPE: "memory", KUMA_GENERAL_WORK_DIR: folder, KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1", KUMA_API_SERVER_HTTPS_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTP_PORT: "0", KUMA_API_SERVER_HTTPS_PORT: "0", KUMA_DP_SERVER_PORT: "0", KUMA_DIAGNOSTICS_SERVER_PORT: "0", KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: "0", ...env,
    },
  });
  const running = await startControlPlane({ config, platform, levels, home: folder });
  const { http = 0, https = 0, dp, diagnostics, mads = 0 } = running.ports;
  const api = `http://127.0.0.1:${http}`;
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const content = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(api + path, { method, ...content, signal: AbortSignal.timeout(20_000) });
    return { status: response.status, text: await response.text() };
  };
  const controlPlane: TestControlPlane = {
    api, log, ports: { http, https, dp, diagnostics, mads },
    caPem: readFileSync(env["KUMA_GENERAL_TLS_CERT_FILE"] ?? join(folder, "kuma-cp.crt"), "utf8"),
    get: (path) => call("GET", path),
    put: (path, body) => call("PUT", path, body),
    remove: (path) => call("DELETE", path),
    send: (method, path, headers, body) =>
      new Promise((resolve, reject) => {
        // As it is written: a URL would shorten it first.
        const written = path.replaceAll(/[^!-~]/gu, encodeURIComponent);
        const request = httpRequest({ host: "127.0.0.1", port: http, path: written, method, headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) } }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => void chunks.push(chunk));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), headers: response.headers }));
        });
        request.on("error", reject);
        request.end(body);
      }),
    async token(kind, body) {
      const { status, text } = await call("POST", `/tokens/${kind}`, { validFor: hour, ...body });
      if (status !== 200) throw new Error(`no ${kind} token: ${status} ${text}`);
      return text;
    },
    async stop() {
      await running.stop();
    },
  };
  await until(async () => (await call("POST", "/tokens/dataplane", { mesh: "default", validFor: hour })).status === 200);
  await until(async () => (await call("POST", "/tokens/zone", { scope: ["egress"], validFor: hour })).status === 200);
  if (env.KUMA_API_SERVER_AUTHN_TYPE !== "adminClientCerts") await until(async () => (await call("POST", "/tokens/user", { name: "x", validFor: hour })).status === 200);
  return controlPlane;
}

/** Asks again every few milliseconds until it holds; an error after the deadline. */
export async function until(holds: () => boolean | Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`this did not become true within ${deadlineMs} ms: ${holds.toString()}`);
    await pause(10);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A clock on which every wait is `factor` times shorter; it tells the right time. */
export const hurriedClock = (factor: number): Clock => ({ now: () => systemClock.now(), after: (delayMs, action) => systemClock.after(delayMs / factor, action) });

export const meshResource = (name: string, more: object = {}) => ({ type: "Mesh", name, ...more });

export const dataplaneResource = (name: string, { mesh = "default", tags = {}, port = 8080 }: { mesh?: string; tags?: Record<string, string>; port?: number } = {}) => ({
  type: "Dataplane", mesh, name,
  networking: { address: "127.0.0.1", inbound: [{ port, tags: { "kuma.io/service": "web", ...tags } }] },
});
