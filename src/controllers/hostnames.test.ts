// Host names and what became of each generator.
import { expect, test } from "vitest";
import type { MeshServiceStatus } from "#resources/kinds";
import { fakeZone, place } from "./fake/zone.ts";
import { generateHostnames } from "./hostnames.ts";

function start() {
  const zone = fakeZone();
  const stop = zone.run(generateHostnames({ ...zone.parts, place }));
  const generator = (name: string, template: string, matchLabels: object = {}, selector = "meshService") => zone.put("HostnameGenerator", "", name, { spec: { selector: { [selector]: { matchLabels } }, template } });
  const service = (name: string, labels: object = {}) => zone.put("MeshService", "m", name, { labels, spec: {} });
  const status = (name: string, type = "MeshService") => zone.get<unknown, MeshServiceStatus>(type, "m", name)?.status;
  const hostnames = (name: string, type?: string) => status(name, type)?.addresses?.map((it) => it.hostname);
  const reasons = (name: string) => status(name)?.hostnameGenerators?.map((it) => [it.hostnameGeneratorRef.coreName, it.conditions?.[0]?.reason, it.conditions?.[0]?.message]);
  return { ...zone, stop, generator, service, status, hostnames, reasons };
}

test("a selected service gets its name, with the generator and its outcome", async () => {
  const it = start();
  await it.mesh("m");
  await it.generator("g", '{{ .DisplayName }}.{{ .Mesh }}.{{ .Zone }}.{{ label "team" }}', { team: "x" });
  await it.service("web", { team: "x" });
  await it.service("other", { team: "y" });
  await it.pass();
  await it.stop();
  expect(it.status("web")).toEqual({
    addresses: [{ hostname: "web.m.default.x", origin: "HostnameGenerator", hostnameGeneratorRef: { coreName: "g" } }],
    hostnameGenerators: [{ hostnameGeneratorRef: { coreName: "g" }, conditions: [{ type: "Generated", status: "True", reason: "Generated", message: "" }] }],
  });
  expect(it.status("other")).toBeUndefined();
});
test("the first of a mesh keeps a host name, the others are told", async () => {
  const it = start();
  await it.mesh("m");
  await it.generator("all", "same.example");
  await it.service("b");
  await it.service("a");
  await it.pass();
  await it.stop();
  expect([it.hostnames("b"), it.hostnames("a")]).toEqual([["same.example"], undefined]);
  expect(it.reasons("a")).toEqual([["all", "Collision", "Hostname collision with MeshService: b"]]);
});
test("the zone's generators come before those of global, and are listed by name", async () => {
  const it = start();
  await it.mesh("m");
  await it.door.writeResource({ is: "peer", zone: "global" }, { type: "HostnameGenerator", mesh: "", name: "far", labels: { "kuma.io/origin": "global" }, spec: { selector: { meshService: {} }, template: "one.example" } });
  await it.generator("near", "one.example", { team: "x" });
  await it.service("old");
  await it.service("new", { team: "x" });
  await it.pass();
  await it.stop();
  expect([it.hostnames("old"), it.hostnames("new")]).toEqual([undefined, ["one.example", "one.example"]]);
});
test("a template that fails, or gives no host name, says so", async () => {
  const it = start();
  await it.mesh("m");
  await it.generator("a", '{{ label "none" }}.example');
  await it.generator("b", '{{ label "bad" }}.example', { bad: "A_B" });
  await it.service("web", { bad: "A_B" });
  await it.pass();
  await it.stop();
  expect(it.reasons("web")?.[0]).toEqual([
    "a", "TemplateError", 'pre evaluation of template with parameters failed with error="template: :1:3: executing \\"\\" at <label \\"none\\">: error calling label: label none not found"',
  ]);
  expect(it.reasons("web")?.[1]?.[2]).toMatch(/^generated hostname "A_B\.example" is not a valid DNS name: a lowercase RFC 1123 subdomain/);
});
test("names go with their generator, the rest of the status stays", async () => {
  const it = start();
  await it.mesh("m");
  await it.generator("g", "{{ .Name }}.example", {}, "meshExternalService");
  await it.put("MeshExternalService", "m", "ext", { spec: { match: { port: 80 } } });
  const vip = { type: "MeshExternalService", mesh: "m", name: "ext" };
  await it.door.update({ is: "controller", name: "t" }, vip, (current) => current && { ...current, status: { vip: { ip: "242.0.0.0" } } });
  await it.pass();
  expect(it.hostnames("ext", "MeshExternalService")).toEqual(["ext.example"]);
  await it.remove("HostnameGenerator", "", "g");
  await it.pass();
  await it.stop();
  expect(it.status("ext", "MeshExternalService")).toEqual({ vip: { ip: "242.0.0.0" } });
});
test("nothing is written when nothing differs", async () => {
  const it = start();
  await it.mesh("m");
  await it.generator("g", "{{ .Name }}.example");
  await it.service("web");
  await it.pass();
  await it.put("HostnameGenerator", "", "unrelated", { spec: { selector: { meshExternalService: {} }, template: "x" } });
  await it.pass();
  await it.stop();
  expect(it.counts.writes).toBe(1);
});
