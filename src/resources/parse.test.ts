// Documents of every shape become resources, or say in Kuma's words why not.
import { describe, expect, test } from "vitest";
import { coreKinds } from "#resources/kinds";
import { failureOf, kindsOf, parseDocument, printResource, validateResource } from "./index.ts";

const kinds = kindsOf(coreKinds);
const kind = (name: string) => kinds.byName(name) ?? expect.unreachable(name);

function problems(name: string, document: unknown): readonly string[] {
  try {
    const { resource } = parseDocument(kind(name), document);
    return validateResource(kind(name), resource).map((it) => `${it.field}: ${it.message}`);
  } catch (error) {
    const failure = failureOf(error);
    return failure?.is === "invalid" ? failure.violations.map((it) => `${it.field}: ${it.message}`) : [failure?.message ?? String(error)];
  }
}
const service = (spec: unknown, more: object = {}) => problems("MeshService", { type: "MeshService", mesh: "default", name: "x", spec, ...more });
const mesh = (more: object) => problems("Mesh", { type: "Mesh", name: "m", ...more });
const dataplane = (networking?: object, more: object = {}) => problems("Dataplane", { type: "Dataplane", mesh: "default", name: "d", networking, ...more });

describe("kinds with a spec", () => {
  test("what is missing at the top has a dot and no field", () => {
    expect(problems("MeshService", {})).toEqual([": .type in body is required", ": .name in body is required", ": .spec in body is required"]);
  });
  test("what is missing below names its path", () => {
    expect(service({ ports: [{}] })).toEqual(["spec.ports[0].port: in body is required"]);
  });
  test("wrong types say what was found", () => {
    expect(service({ ports: 5 })).toEqual(['spec.ports: in body must be of type array: "number"']);
    expect(service({ ports: [{ port: "80" }] })).toEqual(['spec.ports[0].port: in body must be of type integer: "string"']);
    expect(service(null)).toEqual([': spec in body must be of type object: "null"']);
  });
  test("a number outside of int32 is named after its format", () => {
    expect(service({ ports: [{ port: 3e9 }] })).toEqual([": Checked value must be of type integer with format int32 in spec.ports[0].port"]);
  });
  test("an alternative names both schemas", () => {
    expect(service({ ports: [{ port: 81, targetPort: true }] })).toEqual([
      ': "spec.ports[0].targetPort" must validate at least one schema (anyOf)', 'spec.ports[0].targetPort: in body must be of type integer: "boolean"',
    ]);
  });
  test("enumerations list what is allowed, in the order of the document", () => {
    expect(service({ identities: [{ type: "Foo", value: "" }], state: "Foo" })).toEqual([
      "spec.identities[0].type: in body should be one of [ServiceTag SpiffeID]", "spec.state: in body should be one of [Available Unavailable]",
    ]);
  });
  test("another type is a violation without a field", () => {
    expect(service({}, { type: "Mesh" })).toEqual([": type in body should be one of [MeshService]"]);
  });
  test("the meaning is checked after the schema", () => {
    expect(service({ selector: { dataplaneTags: {}, dataplaneRef: {} } })).toEqual(["spec.selector: must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels"]);
  });
  test("a duration that Go cannot read is a bad request", () => {
    const spec = { provider: { type: "Bundled", bundled: { autogenerate: { enabled: true }, certificateParameters: { expiry: "zz" } } } };
    expect(problems("MeshIdentity", { type: "MeshIdentity", name: "x", spec })).toEqual(['invalid MeshIdentity object: "time: invalid duration \\"zz\\""']);
  });
  test("templates are checked for what they render", () => {
    const generator = (template: string) => problems("HostnameGenerator", { type: "HostnameGenerator", name: "x", spec: { template, selector: { meshService: {} } } });
    expect(generator("{{ .DisplayName")).toEqual(["spec.template: couldn't parse template: template: :1: unclosed action"]);
    expect(generator("{{ foo }}")).toEqual(['spec.template: couldn\'t parse template: template: :1: function "foo" not defined']);
    expect(generator("{{ .Foo }}")[0]).toContain(':1:3: executing "" at <.Foo>: can\'t evaluate field Foo in type struct { Name string; DisplayName string;');
    expect(generator('{{ .DisplayName }}.{{ label "a" }}.mesh')).toEqual([]);
  });
  test("null and lists are refused, not followed", () => {
    expect(problems("MeshService", null)[0]).toContain("cannot unmarshal null");
    expect(problems("Mesh", null)[0]).toContain("cannot unmarshal null");
  });
  test("__proto__ is refused wherever it stands", () => {
    expect(problems("MeshService", JSON.parse('{"type":"MeshService","name":"x","spec":{"selector":{"dataplaneTags":{"__proto__":"x"}}}}'))[0]).toContain("__proto__");
    expect(problems("Mesh", JSON.parse('{"type":"Mesh","name":"x","__proto__":{"a":1}}'))[0]).toContain("__proto__");
  });
});

describe("flat kinds", () => {
  test("the decoder's words are Go's", () => {
    expect(mesh({ meshServices: { mode: "Foo" } })).toEqual(['invalid Mesh object: "unknown value \\"\\\\\\"Foo\\\\\\"\\" for enum kuma.mesh.v1alpha1.Mesh.MeshServices.Mode"']);
    expect(mesh({ mtls: 5 })).toEqual(['invalid Mesh object: "json: cannot unmarshal number into Go value of type map[string]json.RawMessage"']);
    expect(mesh({ mtls: { backends: {} } })).toEqual(['invalid Mesh object: "json: cannot unmarshal object into Go value of type []json.RawMessage"']);
    expect(mesh({ labels: [] })).toEqual(['invalid Mesh object: "json: cannot unmarshal array into Go struct field ResourceMeta.labels of type map[string]string"']);
    expect(problems("Secret", { type: "Secret", mesh: "default", name: "s", data: "!!" })).toEqual(['invalid Secret object: "illegal base64 data at input byte 0"']);
  });
  test("both spellings and unknown fields are taken", () => {
    expect(dataplane({ address: "10.0.0.1", transparent_proxying: { redirect_port_inbound: 15006 }, nonsense: 1 })).toEqual([]);
  });
  test("names are checked", () => {
    expect(problems("Mesh", { type: "Mesh", name: "A_b" })[0]).toContain("name: invalid characters. A lowercase RFC 1123 subdomain");
    expect(problems("Mesh", { type: "Mesh" })).toEqual(["name: cannot be empty"]);
  });
  test("a mesh has at most two certificate backends, known and enabled", () => {
    expect(mesh({ mtls: { enabledBackend: "x", backends: [{ name: "b", type: "builtin" }, { name: "a", type: "builtin" }, { name: "a", type: "vault", dpCert: { rotation: { expiration: "5parsecs" } } }] } })).toEqual([
      "mtls.backends: cannot have more than 2 backends", 'mtls.backends[2].name: "a" name is already used for another backend',
      "mtls.dpcert.rotation.expiration: has to be a valid format", "mtls.enabledBackend: has to be set to one of the backends in the mesh",
    ]);
  });
  test("membership rules need tags", () => {
    expect(mesh({ constraints: { dataplaneProxy: { requirements: [{ tags: {} }, { tags: { "k!": "v!", ok: "" } }] } } })).toEqual([
      "constraints.dataplaneProxy.requirements[0].tags: must have at least one tag",
      'constraints.dataplaneProxy.requirements[1].tags["k!"]: tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores',
      'constraints.dataplaneProxy.requirements[1].tags["k!"]: tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"',
      'constraints.dataplaneProxy.requirements[1].tags["ok"]: tag value must be non-empty',
    ]);
  });
  test("a dataplane needs an address that means something", () => {
    expect(dataplane()).toEqual(["networking: must be defined"]);
    expect(dataplane({})).toEqual(["networking.address: address can't be empty"]);
    expect(dataplane({ address: "::" })).toEqual(["networking.address: must not be 0.0.0.0 or ::"]);
    expect(dataplane({ address: "..>_<.." })).toEqual(["networking.address: address has to be valid IP address or domain name"]);
  });
  test("inbounds are checked field by field", () => {
    const inbound = (it: object) => dataplane({ address: "10.0.0.1", inbound: [it] }).map((text) => text.replace("networking.inbound[0].", ""));
    expect(inbound({ port: 80, servicePort: 70000, address: "host", serviceAddress: "host" })).toEqual([
      "servicePort: port must be in the range [1, 65535]", "serviceAddress: serviceAddress has to be valid IP address", "address: address has to be valid IP address",
    ]);
    expect(inbound({ port: 80, address: "10.0.0.1", serviceAddress: "10.0.0.1" })).toEqual(Array(2).fill("serviceAddress: serviceAddress and servicePort has to differ from address and port"));
    expect(inbound({ port: 80, tags: { "kuma.io/service": "a", "kuma.io/protocol": "foo" } })).toEqual([
      'tags["kuma.io/protocol"]: tag "kuma.io/protocol" has an invalid value "foo". Allowed values: grpc, http, http2, kafka, tcp',
    ]);
  });
  test("an outbound names tags or a backend, not both", () => {
    const tags = { "kuma.io/service": "a" };
    expect(dataplane({ address: "10.0.0.1", outbound: [{ port: 80, tags, backendRef: { kind: "MeshService", name: "x", port: 1 } }] })).toEqual([
      "networking.outbound[0].backendRef: both backendRef and tags/service cannot be defined",
    ]);
  });
  test("listeners of zone proxies do not collide", () => {
    const listeners = [{ type: "ZoneIngress", address: "10.0.0.1", port: 80, name: "l1" }, { type: "ZoneIngress", address: "10.0.0.2", port: 80, name: "l2" }, { type: "ZoneEgress", address: "10.0.0.2", port: 80, name: "l2" }];
    expect(dataplane({ address: "10.0.0.1", inbound: [{ port: 80, name: "l1" }], listeners })).toEqual([
      'networking.listeners[0].name: name "l1" must be unique across inbounds and listeners', "networking.listeners[0]: address:port 10.0.0.1:80 collides with an inbound listener",
      'networking.listeners[2].name: name "l2" must be unique across inbounds and listeners', "networking.listeners[2]: address:port 10.0.0.2:80 is used by listeners of different types",
    ]);
  });
});

describe("printing", () => {
  const print = (name: string, document: unknown) => {
    const { resource } = parseDocument(kind(name), document);
    return printResource(kind(name), { ...resource, version: 1, creationTime: Date.UTC(2026, 0, 1, 0, 0, 0, 120), modificationTime: 0 });
  };
  test("fields come in the reference's order, times without trailing zeros", () => {
    const document = { type: "MeshService", mesh: "default", name: "x", labels: { "kuma.io/zone": "east" }, spec: { ports: [{ port: 80, name: "web" }] } };
    expect(JSON.stringify(print("MeshService", document))).toBe(
      '{"type":"MeshService","mesh":"default","name":"x","creationTime":"2026-01-01T00:00:00.12Z","modificationTime":"0001-01-01T00:00:00Z","labels":{"kuma.io/zone":"east"},' +
      '"kri":"kri_msvc_default_east__x_","snis":[{"port":80,"sni":"sni.msvc.default.east.x.web"}],"spec":{"state":"Unavailable","selector":{},"ports":[{"name":"web","port":80,"appProtocol":"tcp"}]},' +
      '"status":{"tls":{},"dataplaneProxies":{}}}',
    );
  });
  test("fields of flat kinds come as they are declared, their maps sorted", () => {
    const document = { type: "Dataplane", mesh: "default", name: "d", networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { b: "1", a: "2" } }] } };
    expect(JSON.stringify(print("Dataplane", document))).toContain('"inbound":[{"port":80,"tags":{"a":"2","b":"1"}}]');
  });
});
