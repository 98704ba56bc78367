// The machine's clock jumps under a control plane with a live proxy: back an hour, ahead three days, asleep for two, asleep until its own certificate is nearly over.
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Program } from "../../../demo/programs.ts";
import { freePorts } from "../../../demo/programs.ts";
import { pause, until } from "../../harness/control-plane.ts";
import { envoyPath, hasProgram } from "../../harness/peers.ts";
import { isOnline, logOf, openMachine, webYaml, type Operator } from "./operator.ts";

/** Of the package `faketime`: the library that it preloads. */
const library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"].map((it) => join(it, "faketime", "libfaketimeMT.so.1")).find((it) => existsSync(it));
const withPeers = test.skipIf(envoyPath() === undefined || library === undefined || !hasProgram("openssl"));
const host = "127.0.0.81";
const day = 86_400;
let machine: Operator;
let controlPlane: Program;
let proxy: Program;
let inbound = 0;

/** Seconds by which the clock of the programs, not of the test, is ahead. */
const setClock = (seconds: number) => machine.typed(`printf '%+d\\n' ${seconds} > clock.new && mv clock.new clock`);
/** Sets the clock and waits until the control plane's own answers are dated by it: the library looks at its file every other second only. */
async function jump(seconds: number): Promise<void> {
  await setClock(seconds);
  await until(async () => {
    const date = /^date: (.*)$/im.exec((await machine.type("curl -s -D - -o /dev/null http://localhost:$HTTP/")).out)?.[1] ?? "";
    return Math.abs(Date.parse(date) / 1000 - now() - seconds) < 60;
  });
}
/** Begin and end of what a port shows, in seconds. */
async function shown(address: string, options = "-alpn kuma"): Promise<{ readonly from: number; readonly to: number }> {
  const { out } = await machine.type(`openssl s_client -connect ${address} ${options} </dev/null 2>/dev/null | openssl x509 -noout -dates`);
  const [, from = "", to = ""] = /notBefore=(.*)\nnotAfter=(.*)/.exec(out) ?? [];
  return { from: Date.parse(from) / 1000, to: Date.parse(to) / 1000 };
}
const now = () => Date.now() / 1000;
const isCurrent = async (address: string, ahead: number) => {
  const { from, to } = await shown(address);
  return from <= now() + ahead && to > now() + ahead;
};
const tokenWorks = async (file: string) => (await machine.type(`curl -s -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 192.0.2.1' -H "Authorization: Bearer $(cat ${file})" http://localhost:$HTTP/meshes`)).out === "200";
const mint = (file: string, life: string) => machine.typed(`curl -sf -X POST -H 'content-type: application/json' -d '{"name":"jane","validFor":"${life}"}' http://localhost:$HTTP/tokens/user > ${file}`);
const workload = () => `${host}:${inbound}`;

beforeAll(async () => {
  if (!library || !envoyPath()) return;
  const [port = 0, admin = 0] = await freePorts(2);
  inbound = port;
  machine = await openMachine();
  await setClock(0);
  const faked = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: join(machine.home, "clock"), FAKETIME_CACHE_DURATION: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1", NO_FAKE_STAT: "1" };
  controlPlane = await machine.startControlPlane({ ...faked, KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT: String(admin) });
  await machine.typed("kumactl config control-planes add --name=own --address=http://localhost:$HTTP");
  machine.file("mesh.yaml", "type: Mesh\nname: default\nmtls: {enabledBackend: ca-1, backends: [{name: ca-1, type: builtin}]}\n");
  machine.file("web.yaml", webYaml("web", inbound).replace('"127.0.0.1"', `"${host}"`));
  await machine.typed("kumactl apply -f mesh.yaml && kumactl generate dataplane-token --name=web --valid-for=8760h > web.token");
  // Envoy does not start under the library; what it judges by its own clock stays good for it all the while.
  const envoy = machine.file("envoy", `#!/bin/sh\nunset LD_PRELOAD\nexec ${envoyPath()} "$@"\n`);
  chmodSync(envoy, 0o755);
  proxy = machine.startProxy("web", [`--binary-path=${envoy}`, `--ca-cert-file=${machine.home}/.kuma/kuma-cp.crt`, `--dataplane-file=${machine.home}/web.yaml`, `--dataplane-token-file=${machine.home}/web.token`], faked);
  await until(() => isOnline(machine, "web"), 60_000);
  await until(() => isCurrent(workload(), 0), 60_000);
});
afterAll(() => machine?.stop());

const bothLive = () => [controlPlane.child.exitCode, proxy.child.exitCode];

withPeers("back an hour: nobody falls off, tokens of the future are refused, new ones are good (needs Envoy, openssl and faketime)", async () => {
  await mint("before.token", "1h");
  await jump(-3600);
  expect(await tokenWorks("before.token")).toBe(false);
  await mint("after.token", "1h");
  expect(await tokenWorks("after.token")).toBe(true);
  await pause(11_000); // the jump is noticed within ten seconds
  await until(() => isCurrent(workload(), -3600), 60_000);
  expect(await isOnline(machine, "web")).toBe(true);
  expect(bothLive()).toEqual([null, null]);
});

withPeers("ahead three days: the leaf is renewed, a token of an hour is over, one of a month is not (needs Envoy, openssl and faketime)", async () => {
  await jump(0);
  await mint("hour.token", "1h");
  await mint("month.token", "720h");
  await jump(3 * day);
  await until(() => isCurrent(workload(), 3 * day), 60_000);
  expect([await tokenWorks("hour.token"), await tokenWorks("month.token")]).toEqual([false, true]);
  expect(await isOnline(machine, "web")).toBe(true);
  expect(bothLive()).toEqual([null, null]);
});

withPeers("asleep for two days, control plane and proxy: both wake up, the leaf is renewed (needs Envoy, openssl and faketime)", async () => {
  const pids = (await machine.typed(`ls /proc | grep -E '^[0-9]+$' | while read p; do tr '\\0' '\\n' < /proc/$p/environ 2>/dev/null | grep -q "^FAKETIME_TIMESTAMP_FILE=${machine.home}/clock$" && echo $p; done; true`)).split("\n").map(Number).filter(Boolean);
  expect(pids.length).toBeGreaterThanOrEqual(3);
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  await pause(500);
  await setClock(5 * day);
  for (const pid of pids) process.kill(pid, "SIGCONT");
  await until(() => isCurrent(workload(), 5 * day), 60_000);
  await until(() => isOnline(machine, "web"), 60_000);
  expect(await tokenWorks("month.token")).toBe(true);
  expect(bothLive()).toEqual([null, null]);
});

withPeers("85 days on: the control plane's own pair is renewed under the same CA, and the proxy stays (needs Envoy, openssl and faketime)", async () => {
  const { to } = await shown("localhost:$DP", "");
  await jump(85 * day);
  await until(async () => (await shown("localhost:$DP", "")).to > to + 30 * day, 60_000);
  await until(() => isCurrent(workload(), 85 * day), 60_000);
  await until(() => isOnline(machine, "web"), 60_000);
  expect(await tokenWorks("month.token")).toBe(false);
  expect(bothLive()).toEqual([null, null]);
  expect(logOf(controlPlane)).not.toContain("unexpected:");
});
