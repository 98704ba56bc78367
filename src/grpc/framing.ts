// Length-prefixed gRPC messages (gRPC over HTTP/2, "Length-Prefixed-Message"), gzip included, with a size limit.
import { gunzipSync } from "node:zlib";

/** A message that breaks the framing or a limit; the stream ends with this status. */
export class FramingError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** One frame from the parts of one message; the parts are only copied once, into the result. */
export function frameOf(parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const frame = Buffer.allocUnsafe(5 + length);
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
  let offset = 5;
  for (const part of parts) {
    frame.set(part, offset);
    offset += part.byteLength;
  }
  return frame;
}

/** Collects chunks and hands out whole messages. Holds at most `maxMessageBytes` plus one chunk. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private held = 0;
  private readonly maxMessageBytes: number;

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Throws FramingError when a message is larger than the limit or compressed in a way we do not know. */
  read(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.held += chunk.byteLength;
    if (this.held < 5) return [];
    let data = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.held);
    const messages: Buffer[] = [];
    while (data.byteLength >= 5) {
      const length = data.readUInt32BE(1);
      if (length > this.maxMessageBytes) {
        throw new FramingError(8, `received message larger than max (${length} vs. ${this.maxMessageBytes})`);
      }
      if (data.byteLength < 5 + length) break;
      messages.push(this.inflate(data[0] ?? 0, data.subarray(5, 5 + length)));
      data = data.subarray(5 + length);
    }
    this.chunks = data.byteLength > 0 ? [data] : [];
    this.held = data.byteLength;
    return messages;
  }

  private inflate(flag: number, body: Buffer): Buffer {
    if (flag === 0) return body;
    if (flag !== 1) throw new FramingError(13, `unknown compression flag ${flag}`);
    try {
      return gunzipSync(body, { maxOutputLength: this.maxMessageBytes });
    } catch {
      throw new FramingError(8, "a compressed message is broken or larger than allowed");
    }
  }
}
