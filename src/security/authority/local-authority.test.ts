// The control plane's own authority moves on to its next generation, judged by a real TLS client.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { expect, test } from "vitest";
import type { Platform } from "#platform";
import { fakePlatform } from "#platform/fake";
import type { KeyPair } from "../certificates/key-pair.ts";
import { nextStep } from "./local-authority.ts";
import { openWorkDirPair } from "./work-dir.ts";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";

const day = 86_400_000;
const hosts = () => ({ dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] });
const workDir = () => ({ directory: join(temporaryFolder("work"), "kuma"), platform: fakePlatform() });
const yearsMs = 365 * day;

/** Does a client that trusts `anchors` accept the pair of the work directory now? */
async function isAccepted(pair: KeyPair, anchors: string): Promise<boolean> {
  const server = createServer({ cert: pair.certPem, key: pair.keyPem }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", ca: anchors, servername: "localhost" });
  const result = await once(socket, "secureConnect").then(() => true, () => false);
  socket.destroy();
  server.close();
  return result;
}

/** The work directory as a control plane that starts now finds and leaves it. */
async function look(directory: string, platform: Platform) {
  const source = await openWorkDirPair({ workDir: directory, hosts }, platform);
  source.close();
  return { pair: source.current(), anchors: (source.anchors?.() ?? "").split(/(?<=-----END CERTIFICATE-----\n)/) };
}

test("the local authority changes in good time: the next is announced ahead, and who was away all the while is still served", async () => {
  const { directory, platform } = workDir();
  // The clock of the test ends today, for real clients to judge.
  platform.clock.jump(Date.now() - 8.1 * yearsMs - platform.clock.now());
  const first = await look(directory, platform);
  platform.clock.jump(7.1 * yearsMs);
  const announced = await look(directory, platform);
  expect(announced.anchors).toEqual([first.anchors[0], expect.any(String)]);
  expect(readFileSync(join(directory, "kuma-cp.crt"), "utf8")).toContain(announced.anchors.join(""));
  platform.clock.jump(1 * yearsMs);
  const changed = await look(directory, platform);
  const [, next = ""] = announced.anchors;
  expect(changed.anchors).toEqual([next, first.anchors[0]]);
  const accepts = (anchors: readonly string[]) => isAccepted(changed.pair, anchors.join(""));
  expect([await accepts(first.anchors), await accepts([next]), await accepts(changed.anchors)]).toEqual([true, true, true]);
  const foreign = await look(workDir().directory, platform);
  expect(await accepts(foreign.anchors)).toBe(false);
});

test("an operator announces the next authority by an empty key file and puts it in place by renaming it", async () => {
  const { directory, platform } = workDir();
  // Each look ends before the next begins: a second control plane on the directory would announce one of its own.
  const [first] = (await look(directory, platform)).anchors;
  writeFileSync(join(directory, "kuma-ca.next.key"), "");
  const announced = await look(directory, platform);
  expect(announced.anchors[0]).toBe(first);
  expect(announced.anchors).toHaveLength(2);
  renameSync(join(directory, "kuma-ca.next.key"), join(directory, "kuma-ca.key"));
  const changed = await look(directory, platform);
  expect(changed.anchors).toEqual(announced.anchors.toReversed());
  expect(changed.pair.chain[0]?.checkIssued(new X509Certificate(changed.anchors[0] ?? ""))).toBe(true);
  expect((await look(directory, platform)).pair.fingerprint).toBe(changed.pair.fingerprint);
});

test("the next generation is announced at seven tenths of the life, and signs at eight tenths, a month after that at the earliest", () => {
  const current = { notBefore: 0, notAfter: 1000 * day };
  expect([nextStep(current, undefined, 699 * day), nextStep(current, undefined, 700 * day), nextStep(current, "asked", day)]).toEqual(["nothing", "announce", "announce"]);
  expect([nextStep(current, 700 * day, 799 * day), nextStep(current, 700 * day, 800 * day), nextStep(current, 790 * day, 800 * day)]).toEqual(["nothing", "promote", "nothing"]);
});
