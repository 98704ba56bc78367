// What MeshProxyPatch makes of finished resources.
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ClusterSchema, type Cluster } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { createSealer, openResources } from "#envoy";
import { meshProxyPatchApply } from "./apply.ts";
import { patchJson } from "./json-patch.ts";
import type { ProxyModification } from "./kind.ts";

const sealer = createSealer();
const cluster = (name: string, more: MessageInitShape<typeof ClusterSchema> = {}) => sealer.seal(ClusterSchema, name, create(ClusterSchema, { name, ...more }));
const [inbound, outbound] = [cluster("in", { altStatName: "a" }), cluster("out")];

function patched(...appendModifications: readonly ProxyModification[]) {
  return patch(appendModifications).sealed().clusters;
}
function patch(appendModifications: readonly ProxyModification[]) {
  const open = openResources([{ origin: "inbound", clusters: [inbound], listeners: [] }, { origin: "outbound", clusters: [outbound], listeners: [] }], sealer);
  meshProxyPatchApply.patch?.({ value: { appendModifications } }, open);
  return open;
}
const read = (sealed: { readonly any: Uint8Array } | undefined): Cluster | undefined => sealed && fromBinary(ClusterSchema, fromBinary(AnySchema, sealed.any).value);

test("what is not meant stays the shared object it was", () => {
  const [first, second] = patched({ cluster: { operation: "Patch", match: { origin: "inbound" }, value: "connectTimeout: 7s" } });
  expect([read(first)?.connectTimeout?.seconds, read(first)?.altStatName, second === outbound]).toEqual([7n, "a", true]);
});
test("modifications see what those before them did", () => {
  const names = patched({ cluster: { operation: "Add", value: "name: new" } }, { cluster: { operation: "Patch", match: { name: "new" }, value: "altStatName: x" } }, { cluster: { operation: "Remove", match: { origin: "outbound" } } });
  expect(names.map((it) => [it.name, read(it)?.altStatName])).toEqual([["in", "a"], ["new", "x"]]);
});
test("a modification that cannot be applied leaves the resource as it was, and the next are applied", () => {
  const [first] = patched({ cluster: { operation: "Patch", jsonPatches: [{ op: "remove", path: "/altStatName" }, { op: "replace", path: "/nothing", value: 1 }] } }, { cluster: { operation: "Patch", value: "connectTimeout: 3s" } });
  expect([read(first)?.altStatName, read(first)?.connectTimeout?.seconds]).toEqual(["a", 3n]);
});
test("what could not be done is told, with the resource and the reason", () => {
  const { problems } = patch([{ cluster: { operation: "Patch", match: { name: "in" }, jsonPatches: [{ op: "replace", path: "/nothing", value: 1 }] } }, { cluster: { operation: "Add", value: "name: [" } }]);
  expect(problems.map(({ what, error }) => `${what}: ${String(error).split("\n")[0]}`)).toEqual([
    expect.stringMatching(/^MeshProxyPatch: "in" stays as it was: .*nothing/), "MeshProxyPatch: the added cluster stays as it was: Error: invalid character 'a' in literal null (expecting 'u')",
  ]);
});
test("JSON patches reach into lists, and never into prototypes", () => {
  expect(patchJson({ a: [1, 2], b: { c: 3 } }, [{ op: "add", path: "/a/-", value: 9 }, { op: "remove", path: "/a/0" }, { op: "move", from: "/b/c", path: "/d" }])).toEqual({ a: [2, 9], b: {}, d: 3 });
  expect(() => patchJson({}, [{ op: "add", path: "/__proto__/x", value: 1 }])).toThrow("nothing holds");
});
