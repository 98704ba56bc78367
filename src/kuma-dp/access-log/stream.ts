// Access logs for TCP backends: Envoy writes them into a FIFO, from here they go to their collectors. Envoy never waits: what a collector does not take in time is dropped and counted.
import { Counter } from "prom-client";
import type { Platform } from "#platform";
import { connectPlain, readFifo } from "#security";
import { lineSplitter, parseLine } from "./lines.ts";
import { createSender, type Sender, type Sink } from "./sender.ts";

export interface AccessLogOptions {
  readonly fifo: string;
  readonly platform: Platform;
}

const connectTimeoutMs = 5000;
/** For each collector. */
const maxWaitingBytes = 1024 * 1024;
/** Addresses come from policies; more than these are a mistake. */
const maxCollectors = 64;

/** The returned function ends it. */
export async function streamAccessLogs({ fifo, platform }: AccessLogOptions): Promise<() => void> {
  const log = platform.log.child("access-log");
  const dropped = new Counter({ name: "kuma_dp_access_log_dropped_total", help: "Lines of access logs that did not reach their collector.", labelNames: ["reason"], registers: [platform.metrics] });
  const senders = new Map<string, Sender>();
  const senderFor = (address: string): Sender | undefined => {
    const known = senders.get(address);
    if (known || senders.size >= maxCollectors) return known;
    const sender = createSender({ address, connect: () => connectTo(address), maxBytes: maxWaitingBytes, platform: { ...platform, log } });
    senders.set(address, sender);
    return sender;
  };
  const onBroken = () => dropped.inc({ reason: "unreadable" });
  const onLine = (text: string) => {
    const line = parseLine(text);
    if (!line) return onBroken();
    const sender = senderFor(line.address);
    if (!sender?.send(line.text)) dropped.inc({ reason: sender ? "collector" : "too many collectors" });
  };
  const source = await readFifo(fifo).catch((error: unknown) => {
    log.error("there is no FIFO for access logs; those for TCP backends are lost", { fifo, error });
    return undefined;
  });
  if (!source) return () => {};
  source.on("data", lineSplitter(onLine, onBroken));
  source.on("error", (error) => log.error("access logs can no longer be read; those for TCP backends are lost", { fifo, error }));
  return () => {
    source.destroy();
    for (const sender of senders.values()) sender.close();
  };
}

async function connectTo(address: string): Promise<Sink> {
  const { host, port } = placeOf(address);
  const socket = await connectPlain({ host, port, timeoutMs: connectTimeoutMs, plaintext: { iUnderstandThatTheDataTravelsInClear: true } });
  // Collectors have nothing to say.
  socket.resume();
  socket.on("error", () => {});
  return {
    write: (data) => void socket.write(data),
    pendingBytes: () => socket.writableLength,
    end: () => void socket.end(),
    onClose: (action) => void socket.once("close", action),
  };
}

function placeOf(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
}
