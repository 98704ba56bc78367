// Fields that nothing reads are named, wherever they are.
import { expect, test } from "vitest";
import { policyKinds } from "#policies/kinds";
import { coreKinds } from "#resources/kinds";
import { kindsOf } from "./kind.ts";
import { unknownFields } from "./unknown-fields.ts";

const kinds = kindsOf([...coreKinds, ...policyKinds]);
const unknown = (type: string, document: object) => unknownFields(kinds.byName(type) ?? expect.unreachable(type), { type, name: "n", ...document });

test("in a kind with a spec", () => {
  const to = [{ targetRef: { kind: "Mesh", nmae: "x" }, default: { http: { requestTimeout: "1s", requesTimeout: "2s" } }, idleTimeout: "1s" }];
  expect(unknown("MeshTimeout", { spec: { to, form: [] }, status: {}, metadata: {} })).toEqual(["metadata", "spec.to[0].targetRef.nmae", "spec.to[0].default.http.requesTimeout", "spec.to[0].idleTimeout", "spec.form"]);
});
test("in a flat kind", () => {
  const networking = { address: "127.0.0.1", inbound: [{ port: 1, servicePort: 2, prot: 3 }], outbounds: [] };
  expect(unknown("Dataplane", { networking, labels: { any: "thing" }, spec: {} })).toEqual(["networking.inbound[0].prot", "networking.outbounds", "spec"]);
});
test("what is free-form has none", () => {
  expect(unknown("Mesh", { tracing: { backends: [{ name: "z", type: "zipkin", conf: { any: { thing: 1 } } }] } })).toEqual([]);
  expect(unknown("MeshAccessLog", { spec: { to: [{ targetRef: { kind: "Mesh", tags: { any: "thing" } }, default: { backends: [{ type: "OpenTelemetry", openTelemetry: { endpoint: "a", body: { any: 1 } } }] } }] } })).toEqual([]);
});
test("ten are enough", () => {
  expect(unknown("Zone", Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x${index}`, 1])))).toHaveLength(10);
});
