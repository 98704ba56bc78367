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

/** Parts from this size on are handed on as they are; copying smaller ones together is cheaper than carrying each. */
const ownChunkBytes = 4096;

/** One frame from the parts of one message. */
export const frameOf = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(chunksOf([parts]));

/** Frames of messages, each given in parts, in as few chunks as is cheap to write one after another; large parts are not copied. */
export function chunksOf(messages: readonly (readonly Uint8Array[])[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const parts of messages) {
    small.push(headOf(parts));
    for (const part of parts) {
      if (part.byteLength < ownChunkBytes) {
        small.push(part);
        continue;
      }
      if (small.length > 0) chunks.push(joined(small));
      chunks.push(part);
      small = [];
    }
  }
  if (small.length > 0) chunks.push(joined(small));
  return chunks;
}

/** Not compressed, and how long. */
function headOf(parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.byteLength;
  const head = Buffer.allocUnsafe(5);
  head[0] = 0;
  head.writeUInt32BE(length, 1);
  return head;
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => (parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));

/** Collects chunks and hands out whole messages. Holds little more than what has arrived of one message; a byte is copied a fixed number of times, however it comes. */
export class FrameReader {
  private readonly maxMessageBytes: number;
  private buffer: Buffer = Buffer.alloc(0);
  private size = 0;

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Bytes of a message that is not complete yet. */
  get held(): number {
    return this.size;
  }

  /** Throws FramingError when a message is larger than the limit or compressed in a way we do not know. */
  read(chunk: Buffer): Buffer[] {
    let data = this.size === 0 ? chunk : this.append(chunk);
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
    // Messages that went out may still be read, so the rest gets memory of its own; the rest of an unchanged message stays.
    if (messages.length > 0 || this.size === 0) {
      this.buffer = Buffer.from(data);
      this.size = data.byteLength;
    }
    return messages;
  }

  private append(chunk: Buffer): Buffer {
    const size = this.size + chunk.byteLength;
    if (size > this.buffer.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.buffer.byteLength));
      this.buffer.copy(larger, 0, 0, this.size);
      this.buffer = larger;
    }
    chunk.copy(this.buffer, this.size);
    this.size = size;
    return this.buffer.subarray(0, size);
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
