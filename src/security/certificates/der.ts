// A small DER writer and reader: just what certificates need (X.690).

export type Der = Buffer;

/** A leaf is some sixty values, a fleet a thousand leaves: each is written into one piece of memory, once. */
function encoded(tag: number, ...parts: readonly Uint8Array[]): Der {
  let length = 0;
  for (const part of parts) length += part.length;
  let lengthBytes = 0;
  for (let rest = length < 0x80 ? 0 : length; rest > 0; rest >>>= 8) lengthBytes++;
  const der = Buffer.allocUnsafe(2 + lengthBytes + length);
  der[0] = tag;
  der[1] = lengthBytes === 0 ? length : 0x80 | lengthBytes;
  for (let at = lengthBytes, rest = length; at > 0; at--, rest >>>= 8) der[1 + at] = rest & 0xff;
  let at = 2 + lengthBytes;
  for (const part of parts) {
    der.set(part, at);
    at += part.length;
  }
  return der;
}

export const sequence = (...items: readonly Uint8Array[]): Der => encoded(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Der => encoded(0x31, ...items);
export const octetString = (content: Uint8Array): Der => encoded(0x04, content);
export const utf8String = (text: string): Der => encoded(0x0c, Buffer.from(text, "utf8"));
export const boolean = (value: boolean): Der => encoded(0x01, Buffer.of(value ? 0xff : 0));
export const bitString = (content: Uint8Array, unusedBits = 0): Der => encoded(0x03, Buffer.of(unusedBits), content);
/** `[n] IMPLICIT` over primitive content. */
export const implicit = (number: number, content: Uint8Array): Der => encoded(0x80 | number, content);
/** `[n] EXPLICIT`, or `[n] IMPLICIT` over constructed content. */
export const tagged = (number: number, ...items: readonly Uint8Array[]): Der => encoded(0xa0 | number, ...items);
export const nullValue: Der = encoded(0x05, new Uint8Array());

/** A non-negative integer from its big-endian bytes; shortest form, as DER demands. */
export function integer(bytes: Uint8Array | number): Der {
  let content = typeof bytes === "number" ? Buffer.of(bytes) : Buffer.from(bytes);
  while (content.length > 1 && content[0] === 0) content = content.subarray(1);
  const isNegative = ((content[0] ?? 0) & 0x80) !== 0;
  return isNegative ? encoded(0x02, Buffer.of(0), content) : encoded(0x02, content);
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
  const date = new Date(ms);
  const text = date.toISOString();
  const digits = `${text.slice(0, 4)}${text.slice(5, 7)}${text.slice(8, 10)}${text.slice(11, 13)}${text.slice(14, 16)}${text.slice(17, 19)}Z`;
  return date.getUTCFullYear() < 2050 ? encoded(0x17, Buffer.from(digits.slice(2), "latin1")) : encoded(0x18, Buffer.from(digits, "latin1"));
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
