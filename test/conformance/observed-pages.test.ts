// Pages of inspection observed at the reference for meshes of ours, asked of a whole control plane: files of `observed/pages/`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policyKinds } from "#policies/kinds";
import { isObject, kindsOf } from "#resources";
import { coreKinds } from "#resources/kinds";
import { startTestControlPlane, until, type TestControlPlane } from "../harness/control-plane.ts";

interface ObservedPages {
  readonly resources: readonly { readonly type: string; readonly mesh?: string; readonly name: string }[];
  /** What controllers must have made before the pages are asked for. */
  readonly until?: readonly string[];
  /** Answers without times; lists in any order, as the reference's vary. */
  readonly pages: Readonly<Record<string, unknown>>;
}

const folder = join(import.meta.dirname, "observed", "pages");
const files = readdirSync(folder).toSorted().map((file) => [file.replace(/\.yaml$/, ""), load(readFileSync(join(folder, file), "utf8")) as ObservedPages] as const);
const kinds = kindsOf([...coreKinds, ...policyKinds]);

let controlPlane: TestControlPlane;
beforeAll(async () => void (controlPlane = await startTestControlPlane()));
afterAll(() => controlPlane.stop());

describe.each(files)("%s", (_file, { resources, until: made = [], pages }) => {
  beforeAll(async () => {
    for (const resource of resources) {
      const kind = kinds.byName(resource.type) ?? expect.unreachable(`no kind ${resource.type}`);
      const { status, text } = await controlPlane.put(`${kind.scope === "Mesh" ? `/meshes/${resource.mesh}` : ""}/${kind.path}/${resource.name}`, resource);
      expect([200, 201], text).toContain(status);
    }
    await until(async () => (await Promise.all(made.map((path) => controlPlane.get(path)))).every((it) => it.status === 200));
  });
  test.each(Object.entries(pages))("%s", async (path, answer) => {
    const { text } = await controlPlane.get(path);
    expect(comparable(JSON.parse(text))).toEqual(comparable(answer));
  });
});

/** Without times, lists in one order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(([key]) => key !== "creationTime" && key !== "modificationTime");
  return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, it]) => [key, comparable(it)]));
}
