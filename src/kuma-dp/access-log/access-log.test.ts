// Lines from the FIFO to their collectors: read apart, kept while a collector is away, dropped when too many wait.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import { systemClock, systemRandom } from "#platform";
import { fakeClock, memoryLog, seededRandom } from "#platform/fake";
import { lineSplitter, parseLine } from "./lines.ts";
import { createSender, type Sink } from "./sender.ts";
import { streamAccessLogs } from "./stream.ts";

test("a line says where it goes; texts go as they are, values as JSON, older lines too", () => {
  expect(parseLine('{"address":"logs:5","message":"GET /\\n"}')).toEqual({ address: "logs:5", text: "GET /\n" });
  expect(parseLine('{"address":"logs:5","message":{"a":"1","b":null}}')).toEqual({ address: "logs:5", text: '{"a":"1","b":null}\n' });
  expect(parseLine("logs:5;GET /")).toEqual({ address: "logs:5", text: "GET /\n" });
  expect(['{"address":5,"message":""}', '{"message":"x"}', "{", "nothing", "null"].map(parseLine)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

test("lines are cut wherever reads end; one without an end is skipped", () => {
  const lines: string[] = [];
  let broken = 0;
  const split = lineSplitter((line) => lines.push(line), () => broken++);
  for (const chunk of ["a", "b\nc\nd", "", "é\n"]) split(Buffer.from(chunk));
  for (let i = 0; i < 3; i++) split(Buffer.alloc(600_000, 120));
  split(Buffer.from("tail\nnext\n"));
  expect([lines, broken]).toEqual([["ab", "c", "dé", "next"], 1]);
});

function sender(maxBytes = 100) {
  const clock = fakeClock();
  const log = memoryLog();
  const written: string[] = [];
  const world = { isUp: false, pending: 0, attempts: 0, close: () => {} };
  const connectNow = (): Promise<Sink> => {
    world.attempts++;
    if (!world.isUp) return Promise.reject(new Error("ECONNREFUSED"));
    return Promise.resolve({ write: (data) => void written.push(data), pendingBytes: () => world.pending, end: () => {}, onClose: (action) => void (world.close = action) });
  };
  return { clock, log, written, world, sender: createSender({ address: "logs:5", connect: connectNow, maxBytes, platform: { clock, random: seededRandom(), log } }) };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("while the collector is away lines wait, pauses between attempts grow, and all arrive in order", async () => {
  const { clock, written, world, sender: its } = sender();
  its.send("1");
  for (let seconds = 0; seconds < 60; seconds++) {
    await settled();
    clock.advance(1000);
  }
  its.send("2");
  expect(world.attempts).toBeLessThan(12);
  world.isUp = true;
  clock.advance(30_000);
  await settled();
  its.send("3");
  expect(written).toEqual(["1", "2", "3"]);
});

test("what does not fit is dropped, said once, and counted when the collector is back", async () => {
  const { clock, log, written, world, sender: its } = sender(10);
  expect(["12345", "6789", "abc", "def"].map((it) => its.send(it))).toEqual([true, true, false, false]);
  await settled();
  world.isUp = true;
  clock.advance(30_000);
  await settled();
  expect(written).toEqual(["12345", "6789"]);
  expect(log.lines.filter((it) => it.includes("dropped:"))).toHaveLength(1);
  expect(log.lines.at(-1)).toContain('"dropped":2');
});

test("a collector that does not read costs no more than the bound, one that closes is called again", async () => {
  const { clock, world, written, sender: its } = sender(10);
  world.isUp = true;
  its.send("a");
  await settled();
  world.pending = 9;
  expect([its.send("12"), its.send("1")]).toEqual([false, true]);
  world.close();
  its.send("later");
  await settled();
  clock.advance(1000);
  await settled();
  expect([world.attempts, written]).toEqual([2, ["a", "1", "later"]]);
});

function collector(port = 0): Promise<{ readonly server: Server; readonly port: number; readonly text: () => string; readonly sockets: Set<Socket> }> {
  let text = "";
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on("data", (data) => (text += data.toString()))));
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve({ server, port: (server.address() as AddressInfo).port, text: () => text, sockets })));
}

test("from a real FIFO to a real collector, over a restart of the collector; the FIFO is nobody else's and is removed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fifo-"));
  const fifo = join(folder, "kuma-al.sock");
  const metrics = new Registry();
  const end = await streamAccessLogs({ fifo, platform: { clock: systemClock, random: systemRandom, log: memoryLog(), metrics } });
  expect((await stat(fifo)).mode & 0o7777).toBe(0o600);
  const first = await collector();
  const writer = await open(fifo, "w");
  const say = (message: string) => writer.write(`${JSON.stringify({ address: `127.0.0.1:${first.port}`, message })}\n`);
  await say("one\n");
  await vi.waitFor(() => expect(first.text()).toBe("one\n"), 5000);
  for (const socket of first.sockets) socket.destroy();
  await new Promise((resolve) => first.server.close(resolve));
  const isDown = () => new Promise((resolve) => connect(first.port, "127.0.0.1").once("error", () => resolve(true)).once("connect", () => resolve(false)));
  expect(await isDown()).toBe(true);
  await say("two\n");
  const second = await collector(first.port);
  await say("three\n");
  await vi.waitFor(() => expect(second.text()).toBe("two\nthree\n"), 5000);
  await writer.write("nonsense\n");
  await vi.waitFor(async () => expect(await metrics.metrics()).toContain('dropped_total{reason="unreadable"} 1'), 5000);
  await writer.close();
  end();
  await vi.waitFor(() => expect(stat(fifo)).rejects.toThrow(), 5000);
  for (const socket of second.sockets) socket.destroy();
  second.server.close();
  await rm(folder, { recursive: true });
});
