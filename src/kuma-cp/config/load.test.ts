import { expect, test } from "vitest";
import { loadConfig, printConfig } from "./load.ts";

const file = (text: string) => ({ path: "cp.yaml", text });

test("the environment wins over the file, the file over the default", () => {
  const config = loadConfig({ file: file("dpServer: {port: 1000}\napiServer: {http: {port: 2000}}"), env: { KUMA_DP_SERVER_PORT: "3000" } });
  expect([config.get("dpServer.port"), config.get("apiServer.http.port"), config.get("apiServer.https.port")]).toEqual([3000, 2000, 5682]);
});

test("a wrong value is refused with its path and its variable", () => {
  expect(() => loadConfig({ env: { KUMA_DP_SERVER_HDS_INTERVAL: "soon" } })).toThrow('dpServer.hds.interval (KUMA_DP_SERVER_HDS_INTERVAL): "soon" is not a duration');
});

test("an unknown key warns and names the nearest known one", () => {
  expect(loadConfig({ file: file("dpServer: {prot: 1}"), env: {} }).warnings).toEqual(['unknown key "dpServer.prot" in cp.yaml; did you mean "dpServer.port"?']);
});

test("a number in a file counts nanoseconds where a duration is expected", () => {
  expect(loadConfig({ file: file("dpServer: {hds: {interval: 2000000000}}"), env: {} }).get("dpServer.hds.interval")).toBe(2000);
});

test("the printed configuration masks passwords and shows durations as text", () => {
  const printed = printConfig(loadConfig({ env: { KUMA_STORE_POSTGRES_PASSWORD: "hunter2" } }));
  expect(JSON.stringify(printed)).not.toContain("hunter2");
  expect(printed).toMatchObject({ store: { postgres: { password: "*****" } }, dpServer: { hds: { interval: "5s" } } });
});

test("a public key without kid is refused with the reference's text", () => {
  const text = "dpServer: {authn: {dpProxy: {dpToken: {validator: {publicKeys: [{key: x}]}}}}}";
  expect(() => loadConfig({ file: file(text), env: {} })).toThrow(".KID is required");
});
