import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkConfig } from "./checks.ts";
import { defaultsOf } from "./compatibility.ts";
import { loadConfig } from "./config/load.ts";

const hours = (ms: number) => ms / 3_600_000;
const defaults = (env: Readonly<Record<string, string>> = {}) => defaultsOf(loadConfig({ env }));
const kuma = { KUMA_COMPATIBILITY: "kuma" };

test("a token lives a year unless somebody says otherwise; ten years as in Kuma", () => {
  expect(hours(defaults().tokenLifeMs)).toBe(8760);
  expect(hours(defaults(kuma).tokenLifeMs)).toBe(87_600);
});

test("tokens are capped; not in Kuma, unless the cap is set", () => {
  expect(hours(defaults().maxTokenLifeMs)).toBe(87_840);
  expect(hours(defaults(kuma).maxTokenLifeMs)).toBeGreaterThan(1_000_000);
  expect(hours(defaults({ ...kuma, KUMA_TOKENS_MAX_VALID_FOR: "100h" }).maxTokenLifeMs)).toBe(100);
  expect(hours(defaults({ KUMA_TOKENS_MAX_VALID_FOR: "100h" }).tokenLifeMs)).toBe(100);
});

test("the bootstrap admin token lives 720 hours; ten years as in Kuma", () => {
  expect(hours(defaults().adminTokenLifeMs)).toBe(720);
  expect(hours(defaults(kuma).adminTokenLifeMs)).toBe(87_600);
});

test("zone tokens without a zone are refused; accepted as in Kuma, or by their own setting", () => {
  expect([defaults(), defaults(kuma), defaults({ KUMA_TOKENS_ALLOW_WITHOUT_ZONE: "true" }), defaults({ ...kuma, KUMA_TOKENS_ALLOW_WITHOUT_ZONE: "false" })].map((it) => it.acceptsZoneTokensWithoutZone)).toEqual([false, true, true, false]);
});

test("tokens without an end are refused; accepted as in Kuma, or by their own setting", () => {
  expect(defaults().acceptsTokensWithoutExpiry).toBe(false);
  expect(defaults(kuma).acceptsTokensWithoutExpiry).toBe(true);
  expect(defaults({ KUMA_TOKENS_ALLOW_WITHOUT_EXPIRY: "true" }).acceptsTokensWithoutExpiry).toBe(true);
  expect(defaults({ ...kuma, KUMA_TOKENS_ALLOW_WITHOUT_EXPIRY: "false" }).acceptsTokensWithoutExpiry).toBe(false);
});

test("the store is on disk; in memory as in Kuma, unless it is set", () => {
  expect(defaults().storeType).toBe("sqlite");
  expect(defaults(kuma).storeType).toBe("memory");
  expect(defaults({ ...kuma, KUMA_STORE_TYPE: "sqlite" }).storeType).toBe("sqlite");
});

test("callers without a credential may read; write as in Kuma, unless it is set", () => {
  expect(defaults().anonymous).toBe("read");
  expect(defaults({ KUMA_ACCESS_ANONYMOUS: "none" }).anonymous).toBe("none");
  expect(defaults(kuma).anonymous).toBe("write");
  expect(defaults({ ...kuma, KUMA_ACCESS_ANONYMOUS: "read" }).anonymous).toBe("read");
});

test("the control plane's own user is this machine's administrator; anyone on it as in Kuma, unless it is set", () => {
  const setting = "KUMA_API_SERVER_AUTHN_LOCALHOST_IS_ADMIN_FOR";
  expect(defaults().localAdmins).toBe("sameUser");
  expect(defaults({ [setting]: "anyone" }).localAdmins).toBe("anyone");
  expect(defaults(kuma).localAdmins).toBe("anyone");
  expect(defaults({ ...kuma, [setting]: "sameUser" }).localAdmins).toBe("sameUser");
});

test("a Mesh may change its authority while mTLS is on; not as in Kuma, unless it is set", () => {
  expect(defaults().allowsAuthorityChange).toBe(true);
  expect(defaults({ KUMA_MTLS_ALLOW_AUTHORITY_CHANGE: "false" }).allowsAuthorityChange).toBe(false);
  expect(defaults(kuma).allowsAuthorityChange).toBe(false);
  expect(defaults({ ...kuma, KUMA_MTLS_ALLOW_AUTHORITY_CHANGE: "true" }).allowsAuthorityChange).toBe(true);
});

test("unknown values of both are refused at the start, with the known ones", () => {
  const check = (env: Readonly<Record<string, string>>) => () => checkConfig(loadConfig({ env }));
  expect(check({ KUMA_ACCESS_ANONYMOUS: "all" })).toThrow('access.anonymous: "all" is not one of none, read, write');
  expect(check({ KUMA_API_SERVER_AUTHN_LOCALHOST_IS_ADMIN_FOR: "root" })).toThrow('apiServer.authn.localhostIsAdminFor: "root" is not one of sameUser, anyone');
});

test("each default that the switch changes is marked in docs/compatibility.md", () => {
  const marked = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8").split("\n").filter((line) => line.endsWith("| yes |"));
  expect(marked).toHaveLength(Object.keys(defaults()).length);
});
