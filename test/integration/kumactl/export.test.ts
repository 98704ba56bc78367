// What one control plane exports, an empty one takes: the same resources are there afterwards.
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestControlPlane, until, type TestControlPlane } from "../../harness/control-plane.ts";
import { kumactlFor, type Kumactl } from "../../harness/kumactl.ts";

const examples = new URL("../../../docs/examples/", import.meta.url);
const kinds = readdirSync(examples).map((it) => it.replace(".yaml", ""));

let source: TestControlPlane;
let target: TestControlPlane;
let from: Kumactl;
let to: Kumactl;

beforeAll(async () => {
  [source, target] = await Promise.all([startTestControlPlane(), startTestControlPlane()]);
  [from, to] = await Promise.all([kumactlFor(source.api), kumactlFor(target.api)]);
  for (const kind of ["Mesh", ...kinds]) {
    const { err } = await from.run("apply -f -", readFileSync(new URL(`${kind}.yaml`, examples), "utf8"));
    expect(err.split("\n").filter((line) => line !== "" && !line.startsWith("Warning: "))).toEqual([]);
  }
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop()]);
});

/** Names of all resources in an export, `Kind/mesh/name`. */
function namesIn(exported: string): string[] {
  return exported.split(/^---\n/m).slice(1).map((text) => ["type", "mesh", "name"].map((field) => new RegExp(`^${field}: (.*)$`, "m").exec(text)?.[1] ?? "").join("/")).toSorted();
}

/** Without what belongs to the moment of writing. */
const timeless = (text: string): string => text.replaceAll(/^(?:creationTime|modificationTime): .*\n/gm, "");

test("the control plane and its version are named first", async () => {
  expect((await from.run("export")).out).toMatch(/^# Product: Kuma, Version: 2\.14\.3, Hostname: \S+, ClusterId: \S+, InstanceId: \S+\n---\n/);
});

test("meshes and secrets come first, keys of user tokens last", async () => {
  const types = (await from.run("export")).out.split("\n").flatMap((line) => /^type: (.*)/.exec(line)?.[1] ?? []);
  expect([types[0], types.indexOf("Secret") < types.indexOf("HostnameGenerator"), types.at(-1)]).toEqual(["Mesh", true, "GlobalSecret"]);
});

test("a builtin authority becomes a provided one, with the secrets of the export", async () => {
  const { out } = await from.run("export");
  expect([out.includes("type: builtin"), out.includes("secret: demo.ca-builtin-key-ca-1"), namesIn(out).includes("Secret/demo/demo.ca-builtin-key-ca-1")]).toEqual([false, true, true]);
});

test("profiles: policies only where asked for, no secrets outside of federation, no proxies", async () => {
  const kindsOf = async (line: string) => new Set(namesIn((await from.run(line)).out).map((it) => it.split("/")[0]));
  const [federation, policies, all, admin, none] = await Promise.all(["export", "export -p federation-with-policies", "export -p all", "export -p all -a", "export -p no-dataplanes"].map(kindsOf));
  const has = (kind: string) => [federation, policies, all, admin, none].map((it) => it?.has(kind));
  expect({ timeout: has("MeshTimeout"), older: has("Timeout"), secret: has("Secret"), dataplane: has("Dataplane"), zone: has("Zone") }).toEqual({
    timeout: [false, true, true, true, true], older: [true, true, true, true, true], secret: [true, true, false, true, false],
    dataplane: [false, false, true, true, false], zone: [false, false, true, true, true],
  });
});

test("objects of Kubernetes are what another cluster can take", async () => {
  const { out } = await from.run("export -f kubernetes");
  expect([out.includes("\n---\n"), /^ {2}(?:resourceVersion|uid|managedFields):/m.test(out), out.includes("type: system.kuma.io/secret")]).toEqual([true, false, true]);
});

test.each(["export --profile bogus", "export --format bogus"])("%s is refused", async (line) => {
  expect((await from.run(line)).err).toMatch(/^Error: invalid (?:profile|format): "bogus"\n$/);
});

test("applied to an empty control plane, it gives the same resources", async () => {
  const { out } = await from.run("export -p federation-with-policies");
  const applied = await to.run("apply -f -", out);
  expect(applied.err.split("\n").filter((line) => line !== "" && !line.startsWith("Warning: "))).toEqual([]);
  const mine = (text: string) => namesIn(text).filter((it) => !/^Secret\/.*signing-key|^GlobalSecret/.test(it));
  await until(async () => mine((await to.run("export -p federation-with-policies")).out).length >= mine(out).length);
  expect(mine((await to.run("export -p federation-with-policies")).out)).toEqual(mine(out));
});

test.each([["meshtimeout", "backend"], ["meshhttproute", "canary"], ["traffic-route", "canary"], ["secret", "web-key"], ["meshexternalservice", "payments"]])("%s %s reads the same afterwards", async (kind, name) => {
  const read = async (kumactl: Kumactl) => timeless((await kumactl.run(`get ${kind} ${name} -m demo -o yaml`)).out);
  expect(await read(to)).toBe((await read(from)));
});
