// As many requests as a server answers: plain sockets, one request at a time on each, nothing parsed but status and length.
import { connect } from "node:net";

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** The bytes of the request with this number. */
  readonly request: (index: number) => string;
  /** What every answer must be; any other ends the run with an error. */
  readonly status?: readonly number[];
}

export interface LoadResult {
  readonly perSecond: number;
  readonly megabytesPerSecond: number;
  /** Half, and 99 of a hundred, answers came within so many milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export const getRequest = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}\r\n`;

export function putRequest(path: string, body: object): string {
  const text = JSON.stringify(body);
  return `PUT ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

export async function runLoad({ port, connections, seconds, request, status = [200] }: Load): Promise<LoadResult> {
  let sent = 0;
  let bytes = 0;
  const times: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  const client = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let at = 0;
      let left = -1;
      let isChunked = false;
      let head = "";
      const next = () => {
        if (performance.now() >= end) return void socket.end(resolve);
        at = performance.now();
        left = -1;
        head = "";
        socket.write(request(sent++));
      };
      socket.setNoDelay(true);
      socket.once("connect", next);
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        bytes += chunk.byteLength;
        if (left < 0) {
          head += chunk.toString("latin1");
          const headEnd = head.indexOf("\r\n\r\n");
          if (headEnd < 0) return;
          if (!status.includes(Number(head.slice(9, 12)))) return reject(new Error(head.slice(0, 600)));
          const length = /content-length: (\d+)/i.exec(head.slice(0, headEnd))?.[1];
          isChunked = length === undefined && /transfer-encoding: chunked/i.test(head.slice(0, headEnd));
          left = isChunked ? 1 : Number(length ?? 0) - (head.length - headEnd - 4);
        } else if (!isChunked) left -= chunk.byteLength;
        // No body of ours ends like the last chunk of one in chunks.
        if (isChunked && chunk.subarray(-5).toString("latin1") === "0\r\n\r\n") left = 0;
        if (left > 0) return;
        times.push(performance.now() - at);
        next();
      });
    });
  await Promise.all(Array.from({ length: connections }, client));
  const took = (performance.now() - started) / 1000;
  const sorted = Float64Array.from(times).toSorted();
  const percentile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { perSecond: times.length / took, megabytesPerSecond: bytes / took / 1e6, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}
