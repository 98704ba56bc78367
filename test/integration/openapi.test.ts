// The OpenAPI document: true to the routes, valid by a validator's judgement, and no request made from it is answered in a way it does not name.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policyKinds } from "#policies/kinds";
import { coreKinds } from "#resources/kinds";
import { startTestControlPlane, type TestControlPlane } from "../harness/control-plane.ts";
import { openApiValidatorPath, schemathesisPath } from "../harness/peers.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const run = promisify(execFile);

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

let controlPlane: TestControlPlane;
let folder: string;
let document: Document;
beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  folder = temporaryFolder("openapi");
  const { text } = await controlPlane.get("/openapi.json");
  document = JSON.parse(text) as Document;
  writeFileSync(join(folder, "openapi.json"), text);
});
afterAll(async () => {
  await controlPlane.stop();
});

test("every kind with a path has its collection and its item, with a schema", () => {
  const missing = [...coreKinds, ...policyKinds].filter((it) => it.path).flatMap((kind) => {
    const collection = kind.scope === "Mesh" ? `/meshes/{mesh}/${kind.path}` : `/${kind.path}`;
    const item = document.paths[kind.name === "Mesh" ? "/meshes/{name}" : `${collection}/{name}`] ?? {};
    const isThere = document.paths[collection]?.["get"] && ["get", "put", "delete"].every((method) => item[method]) && document.components["schemas"]?.[kind.name];
    return isThere ? [] : [kind.name];
  });
  expect(missing).toEqual([]);
});
test("what it refers to is there, and operations have names of their own", () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
  expect(refs.length).toBeGreaterThan(500);
  expect(refs.filter(([, section = "", name = ""]) => document.components[section]?.[name] === undefined)).toEqual([]);
  const names = Object.values(document.paths).flatMap((it) => Object.values(it).map(({ operationId }) => operationId));
  expect(new Set(names).size).toBe(names.length);
});

const validator = openApiValidatorPath();
describe.skipIf(!validator)("with openapi-spec-validator", () => {
  test("the document is valid", async () => {
    const { stdout } = await run(validator ?? "", [join(folder, "openapi.json")]);
    expect(stdout).toContain("OK");
  });
});

const schemathesis = schemathesisPath();
describe.skipIf(!schemathesis)("with schemathesis", () => {
  test("no request is answered by 5xx or by a status that is not documented", async () => {
    const checks = ["--checks", "not_a_server_error,status_code_conformance", "--phases", "fuzzing", "--max-examples", "2", "--seed", "1", "--suppress-health-check", "all", "--no-color"];
    // Pages of Envoy's own administration need an Envoy.
    const { stdout } = await run(schemathesis ?? "", ["run", join(folder, "openapi.json"), "--url", controlPlane.api, ...checks, "--exclude-path-regex", String.raw`/\{page\}$`], { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch(
      (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? "schemathesis did not start" }),
    );
    expect(stdout.slice(-4000)).toMatch(/(\d{3,}) generated, \1 passed/);
  }, 180_000);
});
