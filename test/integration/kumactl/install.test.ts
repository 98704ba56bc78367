// `kumactl install` and `uninstall`: scripts find every command and flag they know, and are told in one sentence what does not work yet.
import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestControlPlane, type TestControlPlane } from "../../harness/control-plane.ts";
import { kumactlFor, type Kumactl } from "../../harness/kumactl.ts";

const observed = Object.entries(load(readFileSync(new URL("install-flags.yaml", import.meta.url), "utf8")) as Record<string, readonly string[]>);
let controlPlane: TestControlPlane;
let kumactl: Kumactl;
beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  kumactl = await kumactlFor(controlPlane.api);
});
afterAll(() => controlPlane.stop());

/** The rows under `Flags:`, in the form of install-flags.yaml. */
function flagsOf(help: string): readonly string[] {
  const rows = /\nFlags:\n([^]*?)\n(?:\n|$)/.exec(help)?.[1]?.split("\n") ?? [];
  return rows.flatMap((row) => {
    const [, short, name, type, text = ""] = /^ +(?:(-\w), )?(--[\w-]+)(?: (.*?))? {2,}(.*)$/.exec(row) ?? [];
    const fallback = /\(default (.*)\)$/.exec(text)?.[1];
    return name === undefined || name === "--help" ? [] : [`${short ? `${short} ` : ""}${name} ${type || "bool"}${fallback ? ` = ${fallback}` : ""}`];
  });
}

test.each(observed)("%s has the flags of Kuma's, in their order", async (command, flags) => {
  const { code, out } = await kumactl.run(`${command} --help`);
  expect([code, flagsOf(out)]).toEqual([0, flags]);
});

test.each(observed)("%s says that it is not there yet, and does nothing", async (command) => {
  const { code, out, err } = await kumactl.run(command);
  expect([code, out, err]).toEqual([1, "", expect.stringMatching(`^Error: kumactl ${command} is not part of this version yet; .*\n$`)]);
});

test("values of flags are checked first", async () => {
  const said = async (line: string) => (await kumactl.run(`install ${line}`)).err.split("\n")[0];
  expect(await said("transparent-proxy --max-retries -1")).toBe('Error: invalid argument "-1" for "--max-retries" flag: strconv.ParseUint: parsing "-1": invalid syntax');
  expect(await said("transparent-proxy --redirect-dns-port 0")).toBe('Error: invalid argument "0" for "--redirect-dns-port" flag: value \'0\' is not a valid port (uint16 in the range [1, 65535])');
  expect(await said("transparent-proxy --exclude-inbound-ports 1,70000")).toBe('Error: invalid argument "1,70000" for "--exclude-inbound-ports" flag: value \'70000\' is not a valid port (uint16 in the range [1, 65535])');
  expect(await said("transparent-proxy-validator --validation-server-port 70000")).toBe('Error: invalid argument "70000" for "--validation-server-port" flag: strconv.ParseUint: parsing "70000": value out of range');
  expect(await said("crds --foo")).toBe("Error: unknown flag: --foo");
});
