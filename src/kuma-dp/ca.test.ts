import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLog } from "#platform";
import { makeAdminAuthority, openSystemAuthority } from "#security";
import { controlPlaneCa } from "./ca.ts";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";

const folder = temporaryFolder("ca");
const path = join(folder, "ca.crt");
const lines: string[] = [];
const log = createLog((line) => void lines.push(line), () => 0, { root: "info", byName: new Map() });
const aCa = async () => openSystemAuthority(await makeAdminAuthority(Date.now())).caPem;

test("a replaced CA file is read at the next attempt; a broken one changes nothing", async () => {
  const [first, second] = [await aCa(), await aCa()];
  writeFileSync(path, first);
  const ca = await controlPlaneCa({ caCert: "", caCertFile: path }, log);
  expect(ca.current()).toBe(first);
  writeFileSync(path, second);
  await ca.refresh();
  expect(ca.current()).toBe(second);
  writeFileSync(path, "-----BEGIN CERTIFICATE-----\nhalf");
  await ca.refresh();
  expect(ca.current()).toBe(second);
  expect(lines.join()).toContain("the last good content stays");
});

test("inline PEM wins over the file and is not followed", async () => {
  const ca = await controlPlaneCa({ caCert: "inline", caCertFile: path }, log);
  expect([ca.current(), ca.isFollowed]).toEqual(["inline", false]);
});

test("a missing file stops the start", async () => {
  await expect(controlPlaneCa({ caCert: "", caCertFile: join(folder, "none") }, log)).rejects.toThrow("could not read certificate file");
});
