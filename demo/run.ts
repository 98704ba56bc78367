// npm run demo: two services talk over mTLS through real Envoy, configured by our control plane; every claim is shown, with its time.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reasonOf } from "#platform";
import { openMesh, until, untilItStays, type DemoMesh } from "./mesh.ts";
import { bold, dim, duration, openScreen, StepFailed } from "./screen.ts";

const isOnce = process.argv.includes("--once");
const root = new URL("..", import.meta.url).pathname;
const screen = openScreen();
const folder = mkdtempSync(join(tmpdir(), "koguma-demo-"));
const envoy = execFileSync("sh", [join(root, "tools", "fetch-envoy")], { encoding: "utf8" }).trim();
const mesh = await openMesh(folder, envoy);

const permission = (action: "Allow" | "Deny") => ({
  type: "MeshTrafficPermission", mesh: "default", name: "web-to-backend",
  spec: { targetRef: { kind: "Dataplane" }, from: [{ targetRef: { kind: "Mesh" }, default: { action } }] },
});

async function tour(it: DemoMesh): Promise<void> {
  await screen.step("The control plane starts, with its store on disk", async () => `first answer after ${duration(await it.startControlPlane())}; REST API at ${it.api}`);
  await screen.step("The mesh gets its own certificate authority, and a permission", async () => {
    await it.put("/meshes/default", { type: "Mesh", name: "default", mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } });
    await it.put("/meshes/default/meshtrafficpermissions/web-to-backend", permission("Allow"));
    return "mTLS is on: builtin authority ca-1";
  });
  await screen.step("Two proxies start: kuma-dp verifies the control plane, shows its token, runs Envoy", async () => {
    await it.startProxies();
    const proxies = it.programs.filter((program) => program.name.startsWith("kuma-dp"));
    await until(async () => {
      for (const program of proxies) if (program.child.exitCode !== null) throw new Error(`${program.name} ended; see ${program.logFile}`);
      return (await it.call()).status === 200;
    }, 60_000, "no request came through");
    return proxies.map((program) => `${program.name} (pid ${program.child.pid})`).join(", ");
  });
  await screen.step("A request through the mesh succeeds", async () => {
    const { status, body } = await it.call();
    if (status !== 200) throw new Error(`answered ${status}: ${body}`);
    return `web -> its Envoy -> mTLS -> backend's Envoy -> backend: ${status} "${body}"`;
  });
  await screen.step("The backend proves who it is", async () => {
    const { subjectAltName, protocol, isSignedByMesh, validTo } = await it.peerCertificate();
    if (!isSignedByMesh) throw new Error("the certificate is not signed by the mesh's authority");
    if (!subjectAltName.includes("spiffe://default/backend")) throw new Error(`unexpected names: ${subjectAltName}`);
    return `${protocol}, signed by the mesh's authority, valid until ${validTo}\n${subjectAltName.split(", ").join("\n")}`;
  });
  await screen.step("Plaintext to the mTLS port is refused", async () => {
    const outcome = await it.callPlaintext();
    if (outcome.startsWith("answered")) throw new Error(outcome);
    return outcome;
  });
  await screen.step("Deny takes effect", async () => {
    await it.put("/meshes/default/meshtrafficpermissions/web-to-backend", permission("Deny"));
    return `403 after ${duration(await untilItStays(async () => (await it.call()).status === 403, 10_000, "still allowed"))}, and stays`;
  });
  await screen.step("Allow again", async () => {
    await it.put("/meshes/default/meshtrafficpermissions/web-to-backend", permission("Allow"));
    return `200 after ${duration(await untilItStays(async () => (await it.call()).status === 200, 10_000, "still denied"))}, and stays`;
  });
  await screen.step("A timeout changes live", async () => {
    const before = (await it.call("/slow")).status;
    await it.put("/meshes/default/meshtimeouts/backend", {
      type: "MeshTimeout", mesh: "default", name: "backend", spec: { to: [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout: "1s" } } }] },
    });
    const took = await until(async () => (await it.call("/slow")).status === 504, 15_000, "the timeout had no effect");
    return `/slow takes 1.5 s: ${before} before, 504 with a timeout of 1 s (seen after ${duration(took)})`;
  });
  await screen.step("An HTTP route splits requests by weight", async () => {
    await it.put("/meshes/default/meshhttproutes/split", {
      type: "MeshHTTPRoute", mesh: "default", name: "split",
      spec: {
        to: [{
          targetRef: { kind: "MeshService", name: "backend" },
          rules: [{
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            default: { backendRefs: [{ kind: "MeshServiceSubset", name: "backend", tags: { version: "v1" }, weight: 10 }, { kind: "MeshServiceSubset", name: "backend", tags: { version: "v2" }, weight: 90 }] },
          }],
        }],
      },
    });
    let share = 0;
    await until(async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => it.call()));
      share = answers.filter((answer) => answer.body.includes("v2")).length;
      return answers.every((answer) => answer.status === 200) && share >= 75;
    }, 10_000, "the weights had no effect");
    return `10 % to v1, 90 % to v2: ${share} of 100 requests reached v2`;
  });
  await screen.step("The control plane is killed (kill -9) and started again while requests flow", async () => crash(it));
}

async function crash(it: DemoMesh): Promise<string> {
  const stored = await names(it);
  let isFlowing = true;
  let sent = 0;
  const failures: string[] = [];
  const flow = (async () => {
    while (isFlowing) {
      sent++;
      const answer = await it.call().then(({ status, body }) => (status === 200 ? undefined : `${status} ${body.slice(0, 80)}`), reasonOf);
      if (answer !== undefined) failures.push(answer);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await it.controlPlane().end("SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 700));
  const restart = await it.startControlPlane();
  // Proxies come back by themselves; a change after the crash must reach them.
  await it.put("/meshes/default/meshtimeouts/backend", {
    type: "MeshTimeout", mesh: "default", name: "backend", spec: { to: [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout: "10s" } } }] },
  });
  const took = await until(async () => (await it.call("/slow")).status === 200, 60_000, "the restarted control plane did not reach the proxies");
  isFlowing = false;
  await flow;
  const restored = await names(it);
  const missing = stored.filter((name) => !restored.includes(name));
  if (failures.length > 0) throw new Error(`${failures.length} of ${sent} requests failed: ${[...new Set(failures)].join("; ")}`);
  if (missing.length > 0) throw new Error(`lost from the store: ${missing.join(", ")}`);
  return `${sent} requests meanwhile, none failed; answers again after ${duration(restart)}; all ${stored.length} stored resources are there; a change reached Envoy ${duration(took)} later`;
}

async function names(it: DemoMesh): Promise<string[]> {
  const paths = ["meshtrafficpermissions", "meshtimeouts", "meshhttproutes", "meshretries", "meshcircuitbreakers", "secrets"];
  const lists = await Promise.all(paths.map((path) => it.get<{ items: { type: string; name: string }[] }>(`/meshes/default/${path}?size=1000`)));
  return lists.flatMap(({ items }) => items.map(({ type, name }) => `${type}/${name}`));
}

function summary(it: DemoMesh): void {
  screen.headline("What runs, and what to try next");
  screen.line(`  REST API           ${it.api}  ${dim(`(HTTPS on ${it.ports.https}, CA ${join(folder, "kuma", "kuma-ca.crt")})`)}`);
  screen.line(`  diagnostics        http://localhost:${it.ports.diagnostics}/metrics`);
  screen.line(`  through the mesh   curl -i http://localhost:${it.ports.outbound}/`);
  screen.line(`  its configuration  curl -s ${it.api}/meshes/default/dataplanes/_overview`);
  screen.line(`  kumactl            ${join(root, "bin", "kumactl")} config control-planes add --name demo --address ${it.api}`);
  screen.line(`                     ${join(root, "bin", "kumactl")} inspect dataplanes`);
  screen.line(`  logs               ${folder}/*.log`);
  screen.line(dim("  Ctrl-C ends everything."));
}

let exitCode = 0;
screen.line(bold("Koguma demo: two services, one mesh, every channel secured"));
try {
  await tour(mesh);
  if (isOnce) screen.headline("All steps passed.");
  else {
    summary(mesh);
    await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()).once("SIGTERM", () => resolve()));
  }
} catch (error) {
  exitCode = 1;
  if (!(error instanceof StepFailed)) screen.line(String(error));
  screen.line(`The logs are kept in ${folder}`);
} finally {
  await mesh.stop();
  if (exitCode === 0) rmSync(folder, { recursive: true, force: true });
}
process.exit(exitCode);
