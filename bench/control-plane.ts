// A control plane of its own for a benchmark: the bundle, started as a user's would be, on free ports.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../demo/programs.ts";
import { temporaryFolder } from "../test/harness/temporary-folder.ts";

export interface BenchControlPlane {
  readonly api: string;
  readonly dpPort: number;
  readonly httpsPort: number;
  readonly caFile: string;
  readonly pid: number;
  readonly startMs: number;
  /** CPU seconds used so far and resident memory in MB. */
  usage(): { readonly cpuSeconds: number; readonly residentMb: number };
  put(path: string, body: object): Promise<void>;
  stop(): Promise<void>;
}

/** `binary` is another control plane with the same variables, to compare with. */
export async function benchControlPlane(env: Readonly<Record<string, string>> = {}, binary?: string): Promise<BenchControlPlane> {
  const folder = temporaryFolder("bench");
  const [http = 0, https = 0, dp = 0, diagnostics = 0, mads = 0, interCp = 0] = await freePorts(6);
  const started = performance.now();
  // The launcher becomes the process it starts: what is measured is the control plane's.
  const ours = new URL("../bin/kuma-cp", import.meta.url).pathname;
  const child: ChildProcess = spawn(binary ?? ours, ["--log-level=off", "run"], {
    env: {
      ...process.env, HOME: folder, KUMA_GENERAL_WORK_DIR: folder, KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1", KUMA_API_SERVER_HTTPS_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTP_PORT: String(http), KUMA_API_SERVER_HTTPS_PORT: String(https), KUMA_DP_SERVER_PORT: String(dp), KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics), KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: binary ? String(mads) : "0",
      ...(binary ? { KUMA_INTER_CP_SERVER_PORT: String(interCp), KUMA_INTER_CP_CATALOG_INSTANCE_ADDRESS: "127.0.0.1", KUMA_REPORTS_ENABLED: "false" } : {}), ...env,
    },
    stdio: ["ignore", "ignore", binary ? "ignore" : "inherit"],
  });
  const api = `http://127.0.0.1:${http}`;
  const answers = async () => {
    try {
      return (await fetch(api)).ok;
    } catch {
      return false;
    }
  };
  while (!(await answers())) {
    if (child.exitCode !== null) throw new Error(`the control plane ended with code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const startMs = performance.now() - started;
  const pid = child.pid ?? 0;
  return {
    api, dpPort: dp, httpsPort: https, caFile: join(folder, "kuma-cp.crt"), pid, startMs,
    usage() {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      const residentKb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
      return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, residentMb: Number(residentKb) / 1024 };
    },
    async put(path, body) {
      const response = await fetch(api + path, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    },
    async stop() {
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("exit", resolve));
    },
  };
}
