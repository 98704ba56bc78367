// Proxies with real Envoy against a control plane of the test: the program kuma-dp as its users start it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, startProgram, type Program } from "../../../demo/programs.ts";
import { startTestControlPlane, type TestControlPlane } from "../../harness/control-plane.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

export interface Place {
  readonly folder: string;
  readonly controlPlane: TestControlPlane;
  readonly adminPort: number;
  readonly caFile: string;
  /** Files `<name>.json` and `<name>.token` are made for it. */
  startProxy(proxy: { readonly resource: { readonly name: string }; readonly token: string; readonly type?: "ingress" | "egress"; readonly envoy: string }): Program;
  stop(): Promise<void>;
}

export async function openPlace(env: Readonly<Record<string, string>> = {}): Promise<Place> {
  const folder = temporaryFolder("secure");
  const [dp = 0, adminPort = 0] = await freePorts(2);
  const controlPlane = await startTestControlPlane({ env: { KUMA_DP_SERVER_PORT: String(dp), KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT: String(adminPort), ...env } });
  const caFile = join(folder, "ca.crt");
  writeFileSync(caFile, controlPlane.caPem);
  const programs: Program[] = [];
  return {
    folder, controlPlane, adminPort, caFile,
    startProxy({ resource, token, type, envoy }) {
      const file = (extension: string) => join(folder, `${resource.name}.${extension}`);
      writeFileSync(file("json"), JSON.stringify(resource));
      writeFileSync(file("token"), token, { mode: 0o600 });
      const args = [
        "run", `--cp-address=https://localhost:${dp}`, `--ca-cert-file=${caFile}`, `--dataplane-file=${file("json")}`, `--dataplane-token-file=${file("token")}`,
        `--binary-path=${envoy}`, "--drain-time=1s", "--concurrency=1", ...(type ? [`--proxy-type=${type}`] : []),
      ];
      const program = startProgram("kuma-dp", args, { HOME: folder, KUMA_READINESS_PORT: "" }, folder, `kuma-dp-${resource.name}`);
      programs.push(program);
      return program;
    },
    async stop() {
      for (const program of programs.toReversed()) await program.end("SIGTERM");
      await controlPlane.stop();
    },
  };
}
