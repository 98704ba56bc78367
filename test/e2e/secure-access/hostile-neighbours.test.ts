// Neighbours without manners at the doors of a data plane proxy: kuma-dp's readiness port, the sockets in its work directory, Envoy's admin listener.
import { randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Program } from "../../../demo/programs.ts";
import { freePorts } from "../../../demo/programs.ts";
import { until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { pour } from "../../harness/raw.ts";
import { isOnline, openMachine, webYaml, type Operator } from "./operator.ts";

const withEnvoy = test.skipIf(envoyPath() === undefined);
let machine: Operator;
let proxy: Program;
let [readiness, admin] = [0, 0];

beforeAll(async () => {
  if (!envoyPath()) return;
  const [inbound = 0, ...others] = await freePorts(3);
  [readiness = 0, admin = 0] = others;
  machine = await openMachine();
  await machine.startControlPlane({ KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT: String(admin) });
  await machine.typed("kumactl config control-planes add --name=own --address=http://localhost:$HTTP && kumactl generate dataplane-token --name=web --valid-for=1h > web.token");
  machine.file("web.yaml", webYaml("web", inbound));
  const args = [`--ca-cert-file=${machine.home}/.kuma/kuma-cp.crt`, `--dataplane-file=${machine.home}/web.yaml`, `--dataplane-token-file=${machine.home}/web.token`, `--work-dir=${machine.home}/dp`];
  proxy = machine.startProxy("web", args, { KUMA_READINESS_PORT: String(readiness) });
  await until(() => isOnline(machine, "web"), 60_000);
});
afterAll(() => machine?.stop());

const sockets = () => readdirSync(join(machine.home, "dp")).map((it) => join(machine.home, "dp", it)).filter((it) => statSync(it).isSocket());
async function attack(address: { port: number } | { path: string }): Promise<void> {
  const messages = [
    randomBytes(10_000), Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.from("GET /ready HTTP/1.1\r\nhost: x\r\ncontent-length: 9223372036854775807\r\n\r\n"),
    Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(200_000)}\r\n\r\n`), Buffer.from([22, 3, 1, 2, 0, 1, 0]),
  ];
  for (const message of messages) {
    const socket = connect({ host: "127.0.0.1", ...address });
    socket.on("error", () => {});
    socket.write(message);
    await pour(socket, 5_000_000);
    socket.destroy();
  }
}

withEnvoy("whatever comes in, proxy and Envoy live on and stay ready (needs Envoy)", async () => {
  expect(sockets().length).toBeGreaterThan(0);
  for (const address of [{ port: readiness }, { port: admin }, ...sockets().map((path) => ({ path }))]) await attack(address);
  await until(async () => (await machine.type(`curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:${readiness}/ready`)).out === "200", 30_000);
  expect(await isOnline(machine, "web")).toBe(true);
  expect(proxy.child.exitCode).toBeNull();
});

withEnvoy("nobody but their owner can connect to the sockets (needs Envoy)", () => {
  // Connecting takes the right to write.
  for (const it of sockets()) expect((statSync(it).mode & 0o022).toString(8), it).toBe("0");
});
