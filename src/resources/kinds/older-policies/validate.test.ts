// What the older kinds refuse, in the words of the reference (observed by asking both the same).
import { describe, expect, test } from "vitest";
import { failureOf, kindsOf, parseDocument, printResource, validateResource, type Unstored } from "#resources";
import { coreKinds } from "../index.ts";

const kinds = kindsOf(coreKinds);
const a = { "kuma.io/service": "a" };
const b = { "kuma.io/service": "b" };
const between = (conf: unknown, source: object = a, destination: object = b) => ({ sources: [{ match: source }], destinations: [{ match: destination }], conf });

function read(name: string, fields: object) {
  const kind = kinds.byName(name) ?? expect.unreachable(name);
  return { kind, resource: parseDocument(kind, { type: name, mesh: "default", name: "x", ...fields }).resource };
}
function problems(name: string, fields: object): readonly string[] {
  try {
    const { kind, resource } = read(name, fields);
    return validateResource(kind, resource).map((it) => `${it.field}: ${it.message}`);
  } catch (error) {
    return [failureOf(error)?.message ?? String(error)];
  }
}

describe("durations", () => {
  test("are read as Go writes them, shown in seconds", () => {
    const { kind, resource } = read("Timeout", between({ connectTimeout: "1h1m", http: { requestTimeout: "200ms" } }));
    const stamp = new Date(0);
    expect(printResource(kind, { ...(resource as Unstored), creationTime: stamp, modificationTime: stamp, version: 1 } as never)).toMatchObject({
      conf: { connectTimeout: "3660s", http: { requestTimeout: "0.200s" } },
    });
  });
  test("without a unit, with an unknown unit and in no shape at all are named", () => {
    expect(problems("Timeout", between({ connectTimeout: "10" }))).toEqual(['invalid Timeout object: "bad Duration: time: missing unit in duration \\"10\\""']);
    expect(problems("Timeout", between({ connectTimeout: "10d" }))).toEqual(['invalid Timeout object: "bad Duration: time: unknown unit \\"d\\" in duration \\"10d\\""']);
    expect(problems("Timeout", between({ connectTimeout: "x" }))).toEqual(['invalid Timeout object: "bad Duration: time: invalid duration \\"x\\""']);
  });
});

const cases: readonly (readonly [kind: string, fields: object, problems: readonly string[]])[] = [
  ["TrafficPermission", {}, ["sources: must have at least one element", "destinations: must have at least one element"]],
  ["TrafficPermission", between(undefined, {}, { "kuma.io/service": "b!" }), [
    "sources[0].match: must have at least one tag",
    'destinations[0].match["kuma.io/service"]: tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"',
  ]],
  ["TrafficLog", between({}, { x: "a" }, { v: "1" }), [
    'sources[0].match: mandatory tag "kuma.io/service" is missing', 'destinations[0].match: must consist of exactly one tag "kuma.io/service"',
    'destinations[0].match["v"]: tag "v" is not allowed', 'destinations[0].match: mandatory tag "kuma.io/service" is missing',
  ]],
  ["TrafficRoute", between({}), ['conf: requires either "destination" or "split"']],
  ["TrafficRoute", between({ split: [{ weight: 0, destination: b }] }), ["conf.split: there must be at least one split entry with weight above 0"]],
  ["TrafficRoute", between({ destination: b, http: [{ match: { method: {} }, destination: b }] }), ['conf.http[0].match.method: cannot be empty. Available options: "exact", "split" or "regex"']],
  ["CircuitBreaker", between({ detectors: {} }), ["conf: must have at least one of the detector or threshold configured"]],
  ["CircuitBreaker", between({ maxEjectionPercent: 150, thresholds: { maxRetries: 0 } }), ["conf.maxEjectionPercent: has to be in [0.0 - 100.0] range"]],
  ["FaultInjection", between({ abort: { percentage: 1, httpStatus: 700 } }, a, { ...b, "kuma.io/protocol": "tcp" }), [
    'destinations[0].match["kuma.io/protocol"]: must be one of the [http, http2, grpc]', "conf.abort.httpStatus: http status code is incorrect",
  ]],
  ["HealthCheck", between({ interval: "1s", timeout: "0s", unhealthyThreshold: 1, healthyThreshold: 1, http: {}, tcp: {} }), [
    "conf.timeout: must have a positive value", "conf: http and tcp cannot be defined at the same time", "conf.http.path: has to be defined and cannot be empty",
  ]],
  ["RateLimit", between({ http: { requests: 0 } }), ["conf.http.requests: requests must be set", "conf.http.interval: interval must be set"]],
  ["Retry", between({ http: {}, tcp: {} }), ["conf.http: field cannot be empty", "conf.tcp.maxConnectAttempts: has to be greater than 0"]],
  ["Retry", between({ http: { retryOn: ["nope"] } }), ['invalid Retry object: "unknown value \\"\\\\\\"nope\\\\\\"\\" for enum kuma.mesh.v1alpha1.HttpRetryOn"']],
  ["Timeout", between({ tcp: {}, http: { requestTimeout: "0s" } }), [
    "conf.tcp: at least one timeout in section has to be defined", "conf.http.requestTimeout: has to be greater than 0 when defined",
  ]],
  ["VirtualOutbound", { selectors: [{ match: { v: "1" } }], conf: { host: "x y", port: "70000", parameters: [{ name: "s", tagKey: "kuma.io/service" }] } }, [
    'conf.host: template pre evaluation failed with error="evaluation of template with parameters didn\'t return a valid dns name result=\\"x y\\""',
    'conf.port: template pre evaluation failed with error="evaluation of template returned a port outside of the range [1..65535] result=70000"',
  ]],
  ["ProxyTemplate", { conf: { imports: ["nope"], modifications: [{ cluster: {} }] } }, [
    "conf.imports[0]: profile not found. Available profiles: default-proxy,egress-proxy,gateway-proxy,ingress-proxy",
    'conf.modifications[0].cluster.operation: invalid operation. Available operations: "add", "patch", "remove"',
  ]],
  ["ExternalService", { networking: { address: "a.example:0", tls: { caCert: {} } }, tags: b }, [
    "networking.address: port must be in the range [1, 65535]", "networking.tls.caCert: data source cannot be empty",
  ]],
  ["MeshGateway", { selectors: [{ match: a }], conf: { listeners: [{ port: 443, protocol: "HTTPS", tls: { mode: "PASSTHROUGH" } }] } }, ["conf.listeners[0].tls.mode: mode is not supported on HTTPS listeners"]],
  ["MeshGatewayRoute", { selectors: [{ match: a }], conf: { http: { rules: [{ matches: [{ path: { value: "x" } }] }] } } }, ["conf.http.rules[0].matches[0].value: must be an absolute path", "conf.http.rules[0].backends: cannot be empty"]],
];

describe("what older kinds refuse", () => {
  test.each(cases)("%s %j", (name, fields, expected) => {
    expect(problems(name, fields)).toEqual(expected);
  });
});
