// Ten thousand changed resources of all kinds through the API: accepted, or refused with words; never an error of ours.
import { afterAll, beforeAll, expect, test } from "vitest";
import { policyKinds } from "#policies/kinds";
import { isObject, kindsOf } from "#resources";
import { coreKinds } from "#resources/kinds";
import { errorOf, observedKinds } from "../conformance/observed.ts";
import { startTestControlPlane, type TestControlPlane } from "../harness/control-plane.ts";
import { changedText, changedValue, chooser, documentOf } from "./generate.ts";

const inputs = Number(process.env.KOGUMA_FUZZ_INPUTS ?? 10_000);
const firstSeed = Number(process.env.KOGUMA_FUZZ_SEED ?? 1);
const kinds = kindsOf([...coreKinds, ...policyKinds]);
const writable = kinds.all.filter((it) => it.path && !it.readOnly);

let controlPlane: TestControlPlane;
beforeAll(async () => void (controlPlane = await startTestControlPlane()));
afterAll(() => controlPlane.stop());

/** Valid resources: the accepted ones of the observed cases, by kind. */
const valid = Map.groupBy(observedKinds().flatMap(([, list]) => list.map((it) => it.accepted)), (it) => it.type);

function requestFor(seed: number): { readonly path: string; readonly body: string } {
  const choose = chooser(seed);
  const kind = choose.pick(writable);
  const known = valid.get(kind.name) ?? [];
  const original = known.length > 0 && choose.chance(75) ? choose.pick(known) : documentOf(kind, choose);
  const document = choose.chance(85) ? changedValue(original, choose) : original;
  const text = JSON.stringify(document) ?? "null";
  const given = isObject(document) && typeof document["name"] === "string" ? document["name"] : "x";
  const name = encodeURIComponent(given.toWellFormed().replaceAll("/", "") || "x").slice(0, 200);
  return { path: `${kind.scope === "Mesh" ? "/meshes/default" : ""}/${kind.path}/${name}`, body: choose.chance(15) ? changedText([text], choose) : text };
}

const known = new Set([200, 201, 400, 404, 405, 409, 413]);

test(`${inputs} changed resources`, { timeout: 300_000 }, async () => {
  const findings: string[] = [];
  const counts = new Map<number, number>();
  let next = firstSeed;
  const worker = async () => {
    while (next < firstSeed + inputs && findings.length < 10) {
      const seed = next++;
      const { path, body } = requestFor(seed);
      // A resource named like a step up in a path is looked for there.
      const isStep = /\/\.\.?$/.test(path);
      const answer = await controlPlane.send("PUT", path.replaceAll(/%(?![0-9A-F]{2})/g, "%25"), { "content-type": "application/json" }, body);
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
      if (answer.status === 307 ? !isStep : !known.has(answer.status)) findings.push(`seed ${seed}: ${answer.status} ${answer.text.slice(0, 300)}\n  ${path}\n  ${body.slice(0, 600)}`);
      if (answer.status !== 400) continue;
      const { detail, refused } = errorOf(answer.text);
      if (detail === "" || (detail === "Resource is not valid" && refused.length === 0)) findings.push(`seed ${seed}: 400 without a reason: ${answer.text.slice(0, 300)}\n  ${body.slice(0, 600)}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  expect(findings.join("\n")).toBe("");
  // Both sides were reached: what is right passes, what is wrong does not.
  expect(counts.get(400) ?? 0).toBeGreaterThan(inputs / 10);
  expect((counts.get(200) ?? 0) + (counts.get(201) ?? 0)).toBeGreaterThan(inputs / 50);
});

test.each([
  ["a body of 50 MB", () => `{"type":"Mesh","name":"m","x":"${"y".repeat(50 * 1024 * 1024)}"}`, 413],
  ["100,000 levels", () => `{"type":"Mesh","name":"m","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 400],
  ["__proto__", () => '{"type":"Mesh","name":"m","__proto__":{"routing":{"zoneEgress":true}}}', 400],
  ["__proto__ inside a free-form field", () => '{"type":"Mesh","name":"m","metrics":{"backends":[{"name":"p","type":"prometheus","conf":{"__proto__":{"port":1}}}]}}', 400],
  ["a key twice", () => '{"type":"Mesh","name":"m","routing":{"zoneEgress":true},"routing":{}}', 400],
  ["a million values", () => `{"type":"Mesh","name":"m","x":[${"1,".repeat(1_000_001)}1]}`, 400],
])("%s is refused cleanly", async (_name, body, status) => {
  const answer = await controlPlane.send("PUT", "/meshes/m", { "content-type": "application/json", connection: "close" }, body()).catch((error: unknown) => ({ status: 413, text: String(error) }));
  expect([answer.status, (await controlPlane.get("/meshes/m")).status]).toEqual([status, 404]);
});

test("names at the limits", async () => {
  const put = async (name: string) => (await controlPlane.put(`/meshes/default/meshtimeouts/${encodeURIComponent(name)}`, { type: "MeshTimeout", mesh: "default", name, spec: { to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1s" } }] } })).status;
  expect(await put("a".repeat(253))).toBe(201);
  for (const name of ["a".repeat(254), "d\u0435fault", "ﬁne", "a\u200Bb", "A", "-a", "a-", "a..b", "a_b", "%", "\u0000"]) expect([name, await put(name)]).toEqual([name, 400]);
});
