// An operator's machine: a home folder, our programs and Envoy in the PATH, free ports, and a shell to type commands in.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePorts, startProgram, type Program } from "../../../demo/programs.ts";
import { dataplaneResource, until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly dp: number;
  readonly diagnostics: number;
  readonly mads: number;
}

type Env = Readonly<Record<string, string>>;

export interface Operator {
  readonly home: string;
  readonly ports: Ports;
  /** Types a command line; `$HTTP`, `$HTTPS`, `$DP`, `$MADS` and `$DIAGNOSTICS` are ports. */
  type(command: string, env?: Env, timeoutMs?: number): Promise<Ran>;
  /** The same for a command that must succeed: what it printed, trimmed. */
  typed(command: string, env?: Env): Promise<string>;
  startControlPlane(env?: Env, args?: readonly string[]): Promise<Program>;
  /** `kuma-dp run` for that control plane; the rest of the command line is the test's. */
  startProxy(name: string, args: readonly string[], env?: Env): Program;
  file(name: string, text: string): string;
  read(name: string): string;
  stop(): Promise<void>;
}

const root = new URL("../../../", import.meta.url).pathname;
export const logOf = (program: Program): string => (existsSync(program.logFile) ? readFileSync(program.logFile, "utf8") : "");

export async function openMachine(own: Env = {}): Promise<Operator> {
  const home = temporaryFolder("operator");
  const [http = 0, https = 0, dp = 0, diagnostics = 0, mads = 0] = await freePorts(5);
  const ports = { http, https, dp, diagnostics, mads };
  const envoy = envoyPath();
  const path = [join(root, "bin"), ...(envoy ? [dirname(envoy)] : []), process.env["PATH"] ?? ""].join(":");
  const base: Env = { HOME: home, PATH: path, KUMA_READINESS_PORT: "", ...own };
  const servers: Env = {
    KUMA_API_SERVER_HTTP_PORT: String(http), KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1", KUMA_API_SERVER_HTTPS_PORT: String(https), KUMA_API_SERVER_HTTPS_INTERFACE: "127.0.0.1",
    KUMA_DP_SERVER_PORT: String(dp), KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics), KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(mads), KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: "1s",
  };
  const shell: Env = { HTTP: String(http), HTTPS: String(https), DP: String(dp), MADS: String(mads), DIAGNOSTICS: String(diagnostics) };
  const programs: Program[] = [];
  const type = (command: string, env: Env = {}, timeoutMs = 60_000): Promise<Ran> =>
    new Promise((resolve) => {
      execFile("sh", ["-c", command], { cwd: home, env: { ...process.env, ...base, ...shell, ...env }, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
        resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, out, err });
      });
    });
  return {
    home, ports, type,
    async typed(command, env) {
      const { code, out, err } = await type(command, env);
      if (code !== 0) throw new Error(`${command}\nended with ${code}: ${err || out}`);
      return out.trim();
    },
    async startControlPlane(env = {}, args = []) {
      const program = startProgram("kuma-cp", ["run", ...args], { ...base, ...servers, ...env }, home, `kuma-cp-${programs.length}`);
      programs.push(program);
      const ready = async () => {
        if (program.child.exitCode !== null) throw new Error(`kuma-cp ended: ${logOf(program)}`);
        const scheme = env["KUMA_DIAGNOSTICS_TLS_ENABLED"] === "true" ? "https" : "http";
        const [answer, token] = await Promise.all([
          type(`curl -sk -o /dev/null -w '%{http_code}' ${scheme}://localhost:$DIAGNOSTICS/ready`),
          env["KUMA_API_SERVER_HTTP_ENABLED"] === "false" ? { out: "200" } : type(`curl -s -o /dev/null -w '%{http_code}' http://localhost:$HTTP/meshes/default/secrets/dataplane-token-signing-key-default-1`),
        ]);
        return answer.out === "200" && ["200", "403", "404"].includes(token.out) && (token.out !== "404" || env["KUMA_DP_SERVER_AUTHN_DP_PROXY_DP_TOKEN_ENABLE_ISSUER"] === "false");
      };
      await until(ready, 60_000);
      return program;
    },
    startProxy(name, args, env = {}) {
      const program = startProgram("kuma-dp", ["run", `--cp-address=https://localhost:${dp}`, "--drain-time=1s", "--concurrency=1", ...args], { ...base, KUMA_CONTROL_PLANE_RETRY_BACKOFF: "500ms", ...env }, home, `kuma-dp-${name}`);
      programs.push(program);
      return program;
    },
    file(name, text) {
      writeFileSync(join(home, name), text);
      return join(home, name);
    },
    read: (name) => readFileSync(join(home, name), "utf8"),
    async stop() {
      for (const program of programs.toReversed()) await program.end("SIGTERM");
    },
  };
}

/** Dataplanes as a user writes them. */
export const webYaml = (name = "web", port = 8080, more: Parameters<typeof dataplaneResource>[1] = {}): string => JSON.stringify(dataplaneResource(name, { port, ...more }));

export interface Insight {
  readonly subscriptions?: readonly { readonly connectTime?: string; readonly disconnectTime?: string }[];
}

/** True while the proxy is connected, as `kumactl inspect dataplanes` would say. */
export async function isOnline(machine: Operator, name: string, path = `meshes/default/dataplane-insights/${name}`): Promise<boolean> {
  const { code, out } = await machine.type(`curl -sf http://localhost:$HTTP/${path}`);
  if (code !== 0) return false;
  const last = (JSON.parse(out) as Insight).subscriptions?.at(-1);
  return last?.connectTime !== undefined && last.disconnectTime === undefined;
}
