// A small DER writer and reader: just what certificates need (X.690).

export type Der = Buffer;

function encoded(tag: number, content: Uint8Array): Der {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length, ...bytes), content]);
}

export const sequence = (...items: readonly Uint8Array[]): Der => encoded(0x30, Buffer.concat(items));
export const set = (...items: readonly Uint8Array[]): Der => encoded(0x31, Buffer.concat(items));
export const octetString = (content: Uint8Array): Der => encoded(0x04, content);
export const utf8String = (text: string): Der => encoded(0x0c, Buffer.from(text, "utf8"));
export const boolean = (value: boolean): Der => encoded(0x01, Buffer.of(value ? 0xff : 0));
export const bitString = (content: Uint8Array, unusedBits = 0): Der => encoded(0x03, Buffer.concat([Buffer.of(unusedBits), content]));
/** `[n] IMPLICIT` over primitive content. */
export const implicit = (number: number, content: Uint8Array): Der => encoded(0x80 | number, content);
/** `[n] EXPLICIT`, or `[n] IMPLICIT` over constructed content. */
export const tagged = (number: number, ...items: readonly Uint8Array[]): Der => encoded(0xa0 | number, Buffer.concat(items));
export const nullValue: Der = encoded(0x05, new Uint8Array());

/** A non-negative integer from its big-endian bytes; shortest form, as DER demands. */
export function integer(bytes: Uint8Array | number): Der {
  let content = typeof bytes === "number" ? Buffer.of(bytes) : Buffer.from(bytes);
  while (content.length > 1 && content[0] === 0) content = content.subarray(1);
  const isNegative = ((content[0] ?? 0) & 0x80) !== 0;
  return encoded(0x02, isNegative ? Buffer.concat([Buffer.of(0), content]) : content);
}

export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const base128 = (value: number): number[] => {
    const bytes = [value & 0x7f];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  };
  return encoded(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050; whole seconds. */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$/, "Z").replace(/[-:T]/g, "");
  const isUtc = new Date(ms).getUTCFullYear() < 2050;
  return isUtc ? encoded(0x17, Buffer.from(digits.slice(2), "ascii")) : encoded(0x18, Buffer.from(digits, "ascii"));
}

export interface DerNode {
  readonly tag: number;
  readonly content: Buffer;
  /** Header and content. */
  readonly whole: Buffer;
}

/** Splits a run of DER values into its nodes; throws a RangeError on a length that does not fit. */
export function readDer(bytes: Buffer): DerNode[] {
  const nodes: DerNode[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at);
    const short = bytes.readUInt8(at + 1);
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
    if (lengthBytes > 4 || short === 0x80) throw new RangeError("unsupported DER length");
    const length = lengthBytes === 0 ? short : bytes.readUIntBE(at + 2, lengthBytes);
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) throw new RangeError("DER value is cut off");
    nodes.push({ tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) });
    at = start + length;
  }
  return nodes;
}
