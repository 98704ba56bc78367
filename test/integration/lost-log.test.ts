// Whoever reads a program's log may go away: the program goes on, and does not spend its time on complaining.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { freePorts } from "../../demo/programs.ts";
import { pause, until } from "../harness/control-plane.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

/** Seconds of processor time so far, by /proc. */
const usedSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

test("a control plane whose log has no reader any more serves on, and rests when nothing is asked", async () => {
  const home = temporaryFolder("lost-log");
  const [http = 0, https = 0, dp = 0, diagnostics = 0, mads = 0] = await freePorts(5);
  const child = spawn(new URL("../../bin/kuma-cp", import.meta.url).pathname, ["run"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env, HOME: home, KUMA_STORE_TYPE: "memory", KUMA_API_SERVER_HTTP_PORT: String(http), KUMA_API_SERVER_HTTPS_PORT: String(https), KUMA_DP_SERVER_PORT: String(dp),
      KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics), KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(mads),
    },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const answers = (path: string) => fetch(`http://127.0.0.1:${http}${path}`).then((it) => it.ok, () => false);
    await until(() => answers("/meshes/default"), 60_000);
    child.stdout.destroy();
    child.stderr.destroy();
    // Each of these leaves a line of the audit.
    for (let at = 0; at < 5; at++) expect(await answers("/global-secrets")).toBe(true);
    await pause(500);
    const before = usedSeconds(child.pid ?? 0);
    await pause(3000);
    expect(usedSeconds(child.pid ?? 0) - before).toBeLessThan(0.5);
    expect(await answers("/meshes/default")).toBe(true);
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
});
