// The files by which Envoy verifies the control plane and shows its token: written before it starts, replaced when their sources are.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { credentialFiles } from "#bootstrap/client";
import { systemClock } from "#platform";
import { fakePlatform } from "#platform/fake";
import { makeBuiltinRoot } from "#security";
import { controlPlaneCa } from "../ca.ts";
import { keepCredentials } from "./credentials.ts";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";

const day = 86_400_000;
const authority = async (trustDomain: string) => (await makeBuiltinRoot({ trustDomain, expiryMs: day, now: Date.now() })).certPem;
const token = (id: string) => `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.${id}.x`;

async function aProxy() {
  const folder = temporaryFolder("credentials");
  const [caFile, tokenFile] = [join(folder, "ca.crt"), join(folder, "token")];
  const own = await authority("own");
  writeFileSync(caFile, own);
  writeFileSync(tokenFile, `${token("first")}\n`);
  const platform = { ...fakePlatform(), clock: systemClock };
  const ca = await controlPlaneCa({ caCert: "", caCertFile: caFile }, platform.log);
  const credentials = await keepCredentials({ folder, trust: { names: ["cp.local", "10.0.0.1"], caPem: "" }, ca, caFile, tokenFile, platform });
  const secret = (path: string) => (JSON.parse(readFileSync(path, "utf8")) as { resources: [Record<string, never>] }).resources[0];
  const files = credentialFiles(folder);
  return { own, caFile, tokenFile, files, platform, credentials, trust: () => secret(files.trust)["validationContext"], shown: () => secret(files.token)["genericSecret"] };
}

test("Envoy's files say what the operator's do, for the names by which the control plane is called, readable by nobody else", async () => {
  const { own, files, credentials, trust, shown } = await aProxy();
  credentials.close();
  expect(trust()).toEqual({
    trustedCa: { inlineString: own },
    matchTypedSubjectAltNames: [{ sanType: "DNS", matcher: { exact: "cp.local" } }, { sanType: "IP_ADDRESS", matcher: { exact: "10.0.0.1" } }],
  });
  expect(shown()).toEqual({ secret: { inlineString: token("first") } });
  expect([files.trust, files.token].map((it) => statSync(it).mode & 0o777)).toEqual([0o600, 0o600]);
});

test("a replaced token and CA reach Envoy's files; what is no token leaves the last good one", async () => {
  const { caFile, tokenFile, platform, credentials, trust, shown } = await aProxy();
  const next = await authority("next");
  writeFileSync(caFile, next);
  writeFileSync(tokenFile, token("second"));
  await expect.poll(() => [trust(), shown()]).toEqual([expect.objectContaining({ trustedCa: { inlineString: next } }), { secret: { inlineString: token("second") } }]);
  writeFileSync(tokenFile, "half a tok");
  await expect.poll(() => platform.log.lines.join()).toContain("not usable");
  expect(shown()).toEqual({ secret: { inlineString: token("second") } });
  expect(platform.log.lines.join()).not.toContain(token("second"));
  credentials.close();
});

test("authorities that the control plane announces are trusted beside the operator's; nonsense changes nothing", async () => {
  const { own, credentials, trust } = await aProxy();
  const next = await authority("next");
  await credentials.announce(JSON.stringify({ anchorsPem: own + next }));
  expect(trust()).toMatchObject({ trustedCa: { inlineString: own + next } });
  await expect(credentials.announce(JSON.stringify({ anchorsPem: "" }))).rejects.toThrow(/announcement/);
  expect(trust()).toMatchObject({ trustedCa: { inlineString: own + next } });
  credentials.close();
});
