// Bytes without manners before anybody has logged in, on every port of a control plane of its own process: it lives, its memory is bounded, others are served meanwhile.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts, startProgram, type Program } from "../../../demo/programs.ts";
import { until } from "../../harness/control-plane.ts";
import { pour, rawPeer, type RawPeer } from "../../harness/raw.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const ports = ["http", "https", "dp", "diagnostics", "mads"] as const;
type Port = (typeof ports)[number];
const http2Ports: readonly Port[] = ["dp"];
const home = temporaryFolder("hostile");
/** Megabytes more than before that a flood may leave behind; each of them sends at least as much. */
const boundMb = 200;
let program: Program;
let pid = 0;
let caPem = "";
const at: Record<Port, number> = { http: 0, https: 0, dp: 0, diagnostics: 0, mads: 0 };

const status = (path: string) =>
  new Promise<number>((resolve) => {
    request({ host: "127.0.0.1", port: at.http, path, agent: false, timeout: 20_000 }, (response) => resolve(response.resume().statusCode ?? 0)).on("error", () => resolve(0)).end();
  });
const residentMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

beforeAll(async () => {
  const [http = 0, https = 0, dp = 0, diagnostics = 0, mads = 0] = await freePorts(5);
  Object.assign(at, { http, https, dp, diagnostics, mads });
  program = startProgram("kuma-cp", ["run"], {
    HOME: home, KUMA_STORE_TYPE: "memory", KUMA_API_SERVER_HTTP_PORT: String(http), KUMA_API_SERVER_HTTPS_PORT: String(https), KUMA_DP_SERVER_PORT: String(dp), KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics),
    KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(mads), KUMA_DIAGNOSTICS_TLS_ENABLED: "true", KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED: "true",
  }, home);
  await until(async () => (await status("/meshes/default")) === 200, 60_000);
  pid = program.child.pid ?? 0; // its launcher becomes the program by exec
  caPem = readFileSync(join(home, ".kuma", "kuma-cp.crt"), "utf8");
}, 90_000);
afterAll(async () => {
  await program.end("SIGTERM");
});

const isTls = (port: Port) => port !== "http";
async function peer(port: Port, alpn?: string): Promise<RawPeer> {
  const it = await rawPeer(at[port], isTls(port) ? { caPem, ...(alpn ? { alpn } : {}) } : undefined);
  it.socket.on("error", () => {});
  return it;
}
async function bare(port: Port): Promise<RawPeer> {
  const it = await rawPeer(at[port]);
  it.socket.on("error", () => {});
  return it;
}
const frame = (type: number, flags: number, stream: number, payload: Uint8Array) => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const settings = frame(4, 0, 0, new Uint8Array());
/** HPACK: POST, https, a path, without an index. */
const headers = Buffer.from([0x83, 0x87, 0x84, 0x01, 0x01, 0x78]);

/** Writes until all is gone or the other side has had enough. */
async function flood(it: RawPeer, chunk: (round: number) => Uint8Array, rounds: number): Promise<void> {
  for (let round = 0; round < rounds && !it.socket.destroyed && it.socket.writable; round++) {
    if (it.socket.write(chunk(round))) continue;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, 200);
      it.socket.once("drain", done).once("close", done);
    });
  }
  it.socket.destroy();
}

interface Attack {
  readonly name: string;
  readonly on?: readonly Port[];
  readonly run: (port: Port) => Promise<void>;
}

const http2 = async (port: Port, chunk: (round: number) => Uint8Array, rounds: number) => {
  const it = await peer(port, "h2");
  it.socket.write(Buffer.concat([preface, settings]));
  await flood(it, chunk, rounds);
};

const attacks: readonly Attack[] = [
  {
    name: "random bytes",
    async run(port) {
      for (let round = 0; round < 20; round++) {
        const it = await bare(port);
        it.socket.end(randomBytes(1 + round * 500));
        it.socket.destroySoon();
      }
      const it = await peer(port);
      it.socket.end(randomBytes(20_000));
    },
  },
  {
    name: "half handshakes",
    async run(port) {
      const half = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
      const all = await Promise.all(Array.from({ length: 200 }, () => bare(port)));
      for (const it of all) it.socket.write(half);
      expect(await status("/meshes/default")).toBe(200);
      for (const it of all) it.socket.destroy();
    },
  },
  {
    name: "a header of 50 MB",
    async run(port) {
      const it = await peer(port);
      it.socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nx-large: ");
      await pour(it.socket, 50_000_000);
      it.socket.destroy();
    },
  },
  {
    name: "a thousand headers a byte at a time, by a hundred peers",
    async run(port) {
      const all = await Promise.all(Array.from({ length: 100 }, () => peer(port)));
      for (let round = 0; round < 20; round++) {
        for (const it of all) if (it.socket.writable) it.socket.write(round === 0 ? "GET / HTTP/1.1\r\n" : `x-${round}: 1\r\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(await status("/meshes/default")).toBe(200);
      for (const it of all) it.socket.destroy();
    },
  },
  {
    name: "an announced body of 8 EB, and 100 MB of it",
    async run(port) {
      const it = await peer(port);
      it.socket.write(`POST /bootstrap HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9223372036854775807\r\n\r\n`);
      await pour(it.socket, 100_000_000);
      it.socket.destroy();
    },
  },
  {
    name: "HTTP/2 where HTTP/1.1 was agreed",
    async run(port) {
      const it = await peer(port, "http/1.1");
      it.socket.write(Buffer.concat([preface, settings, frame(1, 4, 1, headers)]));
      await it.closed(40_000);
    },
  },
  { name: "streams opened and reset at once, 50,000 of them", on: http2Ports, run: (port) => http2(port, (round) => Buffer.concat(Array.from({ length: 100 }, (_, index) => Buffer.concat([frame(1, 4, 1 + 2 * (round * 100 + index), headers), frame(3, 0, 1 + 2 * (round * 100 + index), Buffer.from([0, 0, 0, 8]))]))), 500) },
  {
    name: "a header that is continued for ever", on: http2Ports,
    run: (port) => http2(port, (round) => (round === 0 ? frame(1, 0, 1, headers) : Buffer.concat(Array.from({ length: 50 }, () => frame(9, 0, 1, Buffer.alloc(16_000, 0x41))))), 100),
  },
  { name: "settings, a million of them", on: http2Ports, run: (port) => http2(port, () => Buffer.concat(Array.from({ length: 1000 }, () => frame(4, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0])))), 1000) },
  { name: "pings, a million of them", on: http2Ports, run: (port) => http2(port, () => Buffer.concat(Array.from({ length: 1000 }, () => frame(6, 0, 0, Buffer.alloc(8)))), 1000) },
  { name: "frames of no known type, and windows that overflow", on: http2Ports, run: (port) => http2(port, () => Buffer.concat([frame(0xee, 0xff, 0, randomBytes(1000)), frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))]), 1000) },
];

describe.each(ports)("port %s", (port) => {
  for (const { name, on = ports, run } of attacks) {
    if (!on.includes(port)) continue;
    test(`${name}: the process lives in bounded memory and serves others meanwhile`, async () => {
      const before = residentMb();
      let isRunning = true;
      let [served, highestMb] = [0, 0];
      const witness = (async () => {
        while (isRunning) {
          expect(await status("/meshes/default")).toBe(200);
          served++;
          highestMb = Math.max(highestMb, residentMb());
        }
      })();
      await run(port);
      isRunning = false;
      await witness;
      expect(served).toBeGreaterThan(0);
      expect(highestMb - before).toBeLessThan(boundMb);
      expect(program.child.exitCode).toBeNull();
    });
  }
});

test("nobody expected any of it to become an exception", () => {
  expect(readFileSync(program.logFile, "utf8")).not.toContain("unexpected:");
});
