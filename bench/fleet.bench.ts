// A fleet of pretended Envoys against our control plane: arrival, idle, changes. xdsload when it is there and Go can build it, else our simulator.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { benchControlPlane } from "./control-plane.ts";
import { simulateFleet } from "./fleet/simulator.ts";

/** Arguments: proxies (1000), services (100), then `simulator` to leave xdsload out, `no-mtls`, and what else xdsload takes. */
export async function run(args: readonly string[]): Promise<void> {
  const numbers = args.filter((it) => /^\d+$/.test(it)).map(Number);
  const [proxies = 1000, services = 100] = numbers;
  const more = args.filter((it) => it.startsWith("-"));
  const controlPlane = await benchControlPlane({ KUMA_STORE_TYPE: "memory", KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "none" });
  try {
    if (!args.includes("no-mtls")) {
      await controlPlane.put("/meshes/default", { type: "Mesh", name: "default", mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } });
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const xdsload = args.includes("simulator") ? undefined : buildXdsload();
    if (!xdsload) return await simulateFleet(controlPlane, { proxies, services, outbounds: 10, changes: 8 });
    const load = [
      "-ca", controlPlane.caFile, "-n", String(proxies), "-services", String(services), "-outbounds", "10", "-mode", "tags", "-changes", "8", "-idle", "10s", "-deadline", "120s",
      "-pid", String(controlPlane.pid), "-api", controlPlane.api, "-xds", `127.0.0.1:${controlPlane.dpPort}`, ...more,
    ];
    spawnSync(xdsload, load, { stdio: "inherit" });
  } finally {
    await controlPlane.stop();
  }
}

function buildXdsload(): string | undefined {
  const source = new URL("../../shared/tools/xdsload", import.meta.url).pathname;
  const folder = join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? "", ".cache"), "koguma", "xdsload");
  const binary = join(folder, "xdsload");
  if (existsSync(binary)) return binary;
  if (!existsSync(source)) return undefined;
  try {
    mkdirSync(folder, { recursive: true });
    cpSync(source, join(folder, "src"), { recursive: true });
    execFileSync("go", ["build", "-o", binary, "."], { cwd: join(folder, "src"), stdio: ["ignore", "ignore", "ignore"] });
    return binary;
  } catch {
    console.log("xdsload could not be built (Go is missing?): our own simulator takes its place");
    return undefined;
  }
}
