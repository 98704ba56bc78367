// Envoy resources inside policies: what is refused when it is written, in the words of the reference (observed).
import { expect, test } from "vitest";
import { parseDocument, validateResource } from "#resources";
import { coreKinds } from "#resources/kinds";
import { policyKinds } from "./kinds/index.ts";
import { withNativeChecks } from "./native-checks.ts";

const kindNamed = (name: string) => withNativeChecks([...coreKinds, ...policyKinds].find((it) => it.name === name) ?? expect.unreachable(name));

type Found = readonly (readonly [field: string, message: string])[];

function violationsOf(document: Readonly<Record<string, unknown>>): Found {
  const kind = kindNamed(String(document["type"]));
  try {
    return validateResource(kind, parseDocument(kind, { mesh: "default", name: "p", ...document }).resource).map((it) => [it.field, it.message]);
  } catch (error) {
    const { failure } = error as { readonly failure?: { readonly violations?: readonly { readonly field: string; readonly message: string }[] } };
    return failure?.violations?.map((it) => [it.field, it.message] as const) ?? expect.unreachable(String(error));
  }
}

const patch = (...appendModifications: readonly unknown[]) => violationsOf({ type: "MeshProxyPatch", spec: { targetRef: { kind: "Mesh" }, default: { appendModifications } } });
const template = (conf: object) => violationsOf({ type: "ProxyTemplate", selectors: [{ match: { "kuma.io/service": "*" } }], conf });
const invalid = "native Envoy resource is not valid: ";
const reasons = (found: Found) => found.map(([, message]) => message.replace(invalid, ""));

const any = (type: string, fields = "") => `name: a\ntypedConfig:\n  '@type': type.googleapis.com/envoy.${type}\n${fields}`;

test.each<[subject: string, value: string, reason: string | undefined]>([
  ["cluster", "name: a\nconnectTimeout: 1m30s", undefined],
  ["cluster", "name: a\nconnect_timeout: 5s\nnobodyKnows: 1", undefined],
  ["cluster", '{"name":"a","type":2,"perConnectionBufferLimitBytes":"12"}', undefined],
  ["cluster", "name: a\n---\nname: 5", undefined],
  ["cluster", "name: a\nname: b", undefined],
  ["cluster", "", "invalid Cluster.Name: value length must be at least 1 runes"],
  ["cluster", "name: 5", "json: cannot unmarshal number into Go value of type string"],
  ["cluster", "name: yes", "json: cannot unmarshal bool into Go value of type string"],
  ["cluster", "connectTimeout: 5x", 'bad Duration: time: unknown unit "x" in duration "5x"'],
  ["cluster", "name: a\nconnectTimeout: 0s", "invalid Cluster.ConnectTimeout: value must be greater than 0s"],
  ["cluster", "type: NOPE", String.raw`unknown value "\"NOPE\"" for enum envoy.config.cluster.v3.Cluster.DiscoveryType`],
  ["cluster", "abc", "json: cannot unmarshal string into Go value of type map[string]json.RawMessage"],
  ["cluster", "a: [1", "invalid character 'a' looking for beginning of value"],
  ["cluster", "\tname: a", "invalid character 'a' in literal null (expecting 'u')"],
  ["cluster", "{", "unexpected EOF"],
  ["cluster", "name: a\noutlierDetection: {enforcingConsecutive5xx: 255}", "invalid Cluster.OutlierDetection: embedded message failed validation | caused by: invalid OutlierDetection.EnforcingConsecutive_5Xx: value must be less than or equal to 100"],
  ["cluster", "name: a\nhttp2ProtocolOptions: {customSettingsParameters: [{}]}", "invalid Cluster.Http2ProtocolOptions: embedded message failed validation | caused by: invalid Http2ProtocolOptions.CustomSettingsParameters[0]: embedded message failed validation | caused by: invalid Http2ProtocolOptions_SettingsParameter.Identifier: value is required and must not be nil."],
  ["listener", "address: {socketAddress: {address: 1.1.1.1, portValue: 70000}}", "invalid Listener.Address: embedded message failed validation | caused by: invalid Address.SocketAddress: embedded message failed validation | caused by: invalid SocketAddress.PortValue: value must be less than or equal to 65535"],
  ["virtualHost", "name: v", "invalid VirtualHost.Domains: value must contain at least 1 item(s)"],
  ["virtualHost", 'name: v\ndomains: ["*"]\nrequestHeadersToRemove: ["a\\nb"]', String.raw`invalid VirtualHost.RequestHeadersToRemove[0]: value does not match regex pattern "^[^\x00\n\r]*$"`],
  ["httpFilter", any("extensions.filters.http.router.v3.Router", "  dynamicStats: false"), undefined],
  ["httpFilter", any("extensions.filters.http.set_filter_state.v3.Config"), undefined],
  ["httpFilter", any("no.Such"), "could not resolve Any message type: type.googleapis.com/envoy.no.Such"],
  ["httpFilter", "name: a\ntypedConfig: {statPrefix: x}", "Any JSON doesn't have '@type'"],
  ["networkFilter", any("extensions.filters.network.tcp_proxy.v3.TcpProxy", "  statPrefix: 5"), "can't unmarshal Any nested proto type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy: json: cannot unmarshal number into Go value of type string"],
])("a %s to be added: %j", (subject, value, reason) => {
  const operation = subject.endsWith("Filter") ? "AddFirst" : "Add";
  const change = { operation, value, ...(subject === "virtualHost" ? { match: {} } : {}) };
  expect(reasons(patch({ [subject]: change }))).toEqual(reason === undefined ? [] : [reason]);
  const older = { operation: operation.replace("A", "a"), value };
  expect(reasons(template({ modifications: [{ [subject]: older }] }))).toEqual(reason === undefined ? [] : [reason]);
});

test("a patch need not be whole, but of the right types", () => {
  expect(patch({ cluster: { operation: "Patch", value: "connectTimeout: 0s" } })).toEqual([]);
  expect(patch({ cluster: { operation: "Patch", value: "" } })).toEqual([]);
  expect(patch({ cluster: { operation: "Patch", value: "name: 5" } })).toEqual([["spec.default.appendModifications[0].cluster.value", `${invalid}json: cannot unmarshal number into Go value of type string`]]);
  expect(patch({ cluster: { operation: "Patch", jsonPatches: [{ op: "add", path: "/a", value: 1 }] } })).toEqual([]);
});

test("faults are told item by item", () => {
  const noName = (message: string) => `${invalid}invalid ${message}.Name: value length must be at least 1 runes`;
  expect(patch({ cluster: { operation: "Add", value: "foo: 1", match: { name: "x" } } }, { httpFilter: { operation: "AddBefore", value: "foo: 1" } }, { cluster: { operation: "Remove", value: "foo: 1" } })).toEqual([
    ["spec.default.appendModifications[0].cluster.match", "must not be defined"],
    ["spec.default.appendModifications[0].cluster.value", noName("Cluster")],
    ["spec.default.appendModifications[1].httpFilter.match.name", "must be defined. You need to pick a filter before which this one will be added"],
    ["spec.default.appendModifications[1].httpFilter.value", noName("HttpFilter")],
    ["spec.default.appendModifications[2].cluster.value", "must not be defined"],
  ]);
  const cluster = "'@type': type.googleapis.com/envoy.config.cluster.v3.Cluster\n";
  const resources = ["", "foo: 1", "null", `${cluster}name: a`, cluster].map((resource) => ({ name: "r", version: "1", resource }));
  expect(template({ resources, modifications: [{ cluster: { operation: "add", value: "foo: 1", match: { name: "x" } } }] })).toEqual([
    ["conf.resources[0].resource", "cannot be empty"],
    ["conf.resources[1].resource", `${invalid}Any JSON doesn't have '@type'`],
    ["conf.resources[2].resource", `${invalid}proto: invalid empty type URL`],
    ["conf.resources[4].resource", noName("Cluster")],
    ["conf.modifications[0].cluster.match", "cannot be defined"],
    ["conf.modifications[0].cluster.value", noName("Cluster")],
  ]);
});

test("texts that grow without end, or nest without end, are refused at once", () => {
  const laughs = ["a: &a [x, x, x, x, x, x, x, x, x]", ..."bcdefghi".split("").map((it, at) => `${it}: &${it} [${Array(9).fill(`*${"abcdefgh"[at]}`).join(", ")}]`), "metadata: {filterMetadata: {x: {y: *i}}}"].join("\n");
  expect(reasons(patch({ cluster: { operation: "Add", value: `name: a\n${laughs}` } }))).toEqual(["it holds more than 50000 values"]);
  const nested = (depth: number) => `{"name":"v","domains":["*"],"matcher":{"matcherList":{"matchers":[{"predicate":${'{"notMatcher":'.repeat(depth)}{}${"}".repeat(depth)}}]}}}`;
  expect(reasons(patch({ virtualHost: { operation: "Add", match: {}, value: nested(100_000) } }))).toEqual(["nested deeper than 100 levels"]);
  expect(reasons(patch({ cluster: { operation: "Add", value: "a: &a [*a]\nname: a" } }))).toEqual(["nested deeper than 200 levels"]);
  expect(reasons(patch({ cluster: { operation: "Add", value: '{"name":"a","__proto__":{"type":"STATIC"}}' } }))).toEqual(['key "__proto__" is not allowed']);
});
