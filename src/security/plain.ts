// Two channels without TLS, for what a user wants to go that way and nothing of ours that is secret: access logs to the user's collector, and the FIFO they come in by.
import { execFile } from "node:child_process";
import { constants, open } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { connect, Socket } from "node:net";
import { promisify } from "node:util";
import { badRequest, unavailable } from "#resources";

export interface PlainConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Written out where it is used, so that a connection that anybody on the way can read is seen in review. */
  readonly plaintext: { readonly iUnderstandThatTheDataTravelsInClear: true };
}

export function connectPlain({ host, port, timeoutMs }: PlainConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const fail = (reason: string, cause?: unknown) => {
      socket.destroy();
      reject(unavailable(`cannot connect to ${host}:${port}: ${reason}`, { cause }));
    };
    socket.once("timeout", () => fail(`no answer within ${timeoutMs} ms`));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, error));
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("timeout").removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** Makes a FIFO that only this user can open, and reads it until it is destroyed, whoever comes and goes at the other end. */
export async function readFifo(path: string): Promise<Socket> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing && !existing.isFIFO()) throw badRequest(`${path} is in the way: it is no FIFO`);
  // An older one may be open elsewhere, or to others.
  await rm(path, { force: true });
  await promisify(execFile)("mkfifo", ["-m", "600", path]);
  const fd = await promisify(open)(path, constants.O_RDWR | constants.O_NONBLOCK);
  // Followed by the event loop: a read of the file itself would hold a thread for as long as nobody writes.
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.once("close", () => void rm(path, { force: true }));
  return socket;
}
