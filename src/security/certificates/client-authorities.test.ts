// Client authorities that change at the worst moment: while they are read for the first time.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#platform";
import { fakePlatform } from "#platform/fake";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";
import { makeBuiltinRoot } from "../authority/mesh-authority.ts";
import { followClientAuthorities } from "./client-authorities.ts";

const root = (name: string) => makeBuiltinRoot({ trustDomain: name, expiryMs: 86_400_000, now: Date.now() });

test("a file that is replaced while it is read for the first time is read again", async () => {
  const caFile = join(temporaryFolder("authorities"), "ca.pem");
  const [first, second] = await Promise.all([root("first"), root("second")]);
  for (let turns = 0; turns < 6; turns++) {
    writeFileSync(caFile, first.certPem);
    const opening = followClientAuthorities({ caFile, directory: "", channel: `c${turns}` }, { ...fakePlatform(), clock: systemClock });
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    writeFileSync(caFile, second.certPem.repeat(2));
    const authorities = await opening;
    await expect.poll(() => authorities.current()).toEqual([second.certPem.repeat(2)]);
    authorities.close();
  }
});
