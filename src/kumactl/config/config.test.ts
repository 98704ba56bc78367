// The configuration file and its changes.
import { expect, test } from "vitest";
import { activeControlPlane, initialConfiguration, printConfiguration, switchedTo, withControlPlane, withoutControlPlane } from "./config.ts";
import { parseConfiguration } from "./parse.ts";

const other = { name: "b", coordinates: { apiServer: { url: "https://b:5682", headers: [{ key: "a", value: "1" }], authType: "tokens", authConf: { token: "t" }, skipVerify: true } } };

test("the initial file is byte for byte that of Kuma", () => {
  expect(printConfiguration(initialConfiguration)).toBe(
    "contexts:\n- controlPlane: local\n  name: local\ncontrolPlanes:\n- coordinates:\n    apiServer:\n      url: http://localhost:5681\n  name: local\ncurrentContext: local\n",
  );
});

test("what is printed is read again", () => {
  const configuration = withControlPlane(initialConfiguration, other);
  expect(parseConfiguration(printConfiguration(configuration), "f")).toEqual(configuration);
});

test("an empty file and unknown fields are an empty configuration", () => {
  expect([printConfiguration(parseConfiguration("", "f")), printConfiguration(parseConfiguration("foo: 1", "f"))]).toEqual(["{}\n", "{}\n"]);
});

test("a broken file is named", () => {
  expect(() => parseConfiguration("a: [", "my/file")).toThrow('Failed to parse configuration from file "my/file": yaml: ');
});

test("a field of the wrong type is refused, not guessed", () => {
  expect(() => parseConfiguration("controlPlanes: [{name: 5}]", "f")).toThrow("name must be a text");
});

test("an added control plane is the active one", () => {
  expect(activeControlPlane(withControlPlane(initialConfiguration, other))).toBe(other);
});

test("--context names a control plane, not a context", () => {
  expect(activeControlPlane(withControlPlane(initialConfiguration, other), "local").name).toBe("local");
});

test("after the active one is removed the last of the others is active", () => {
  expect(withoutControlPlane(withControlPlane(initialConfiguration, other), "b").currentContext).toBe("local");
});

test("without any control plane the configuration says so", () => {
  expect(() => activeControlPlane(withoutControlPlane(initialConfiguration, "local"))).toThrow("active Control Plane is not set");
});

test("an unknown name cannot be switched to", () => {
  expect(() => switchedTo(initialConfiguration, "x")).toThrow('there is no Control Plane with name "x"');
});
