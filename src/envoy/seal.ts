// Sealed resources: packed, hashed and encoded once; equal ones are one object that every proxy's session refers to.
import { hash } from "node:crypto";
import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { weakByText } from "#mesh";
import { typeUrlOf } from "./any.ts";

export interface Sealed {
  readonly typeUrl: string;
  readonly name: string;
  /** Hash of the content: the resource's version. */
  readonly version: string;
  /** The resource as `google.protobuf.Any`, encoded. */
  readonly any: Uint8Array;
  /** The same bytes as field 2 of a message: how a discovery answer lists its resources. `any` is a part of this memory. */
  readonly entry: Uint8Array;
}

/** Part of a message, encoded. */
export interface EncodedPart {
  readonly bytes: Uint8Array;
}

export interface Sealer {
  /** Seals a message; equal content gives the same object. */
  seal<M extends DescMessage>(schema: M, name: string, message: MessageShape<M>): Sealed;
  /** Seals a message given as encoded parts: joined, parts of a message are the message (protobuf merges fields). Parts live as long as the result. */
  sealParts(schema: DescMessage, name: string, parts: readonly EncodedPart[]): Sealed;
  /** Returns what was made under `key` before, or makes it. Kept only while somebody holds the result. */
  keyed<T extends object>(key: string, make: () => T): T;
  readonly stats: { built: number; shared: number };
}

export function createSealer(): Sealer {
  const byContent = weakByText<Sealed>();
  const byKey = weakByText<object>();
  const stats = { built: 0, shared: 0 };
  // Without this a part that many have in common would be made anew whenever the garbage was collected.
  const madeOf = new WeakMap<Sealed, readonly EncodedPart[]>();
  const sealParts = (schema: DescMessage, name: string, parts: readonly EncodedPart[]): Sealed => {
    stats.built++;
    const typeUrl = typeUrlOf(schema);
    const { entry, any } = encode(typeUrl, parts.map((it) => it.bytes));
    const version = hash("sha256", any, "hex").slice(0, 32);
    const existing = byContent.get(version);
    if (existing) return existing;
    const sealed: Sealed = { typeUrl, name, version, any, entry };
    byContent.set(version, sealed);
    if (parts.length > 1) madeOf.set(sealed, parts);
    return sealed;
  };
  return {
    stats,
    sealParts,
    seal: (schema, name, message) => sealParts(schema, name, [{ bytes: toBinary(schema, message) }]),
    keyed<T extends object>(key: string, make: () => T): T {
      const existing = byKey.get(key);
      if (existing) {
        stats.shared++;
        return existing as T;
      }
      const made = make();
      byKey.set(key, made);
      return made;
    },
  };
}

/** Lists that end in what many proxies have in common. */
const commonTails = new WeakMap<readonly Sealed[], readonly Sealed[]>();

/** A proxy's own resources and those it shares, as one list that remembers where it came from. */
export function listOf(own: readonly Sealed[], common: readonly Sealed[]): readonly Sealed[] {
  if (own.length === 0) return common;
  const all = [...own, ...common];
  commonTails.set(all, common);
  return all;
}

/** The end of `list` that is the same object for other proxies too; the list itself when nothing else is known. */
export const commonTailOf = (list: readonly Sealed[]): readonly Sealed[] => commonTails.get(list) ?? list;

/** Any {type_url 1, value 2} inside field 2 of the message around it; all in one piece of memory. */
function encode(typeUrl: string, parts: readonly Uint8Array[]): { readonly entry: Uint8Array; readonly any: Uint8Array } {
  const url = Buffer.from(typeUrl, "latin1");
  const valueLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const anyLength = 1 + varintLength(url.byteLength) + url.byteLength + 1 + varintLength(valueLength) + valueLength;
  const entry = new Uint8Array(1 + varintLength(anyLength) + anyLength);
  let at = writeField(entry, 0, anyLength, 2);
  const anyStart = at;
  at = writeField(entry, at, url.byteLength, 1);
  entry.set(url, at);
  at = writeField(entry, at + url.byteLength, valueLength, 2);
  for (const part of parts) {
    entry.set(part, at);
    at += part.byteLength;
  }
  return { entry, any: entry.subarray(anyStart) };
}

const varintLength = (value: number): number => (value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5);

/** Writes tag and length of a length-delimited field; returns where its content begins. */
function writeField(target: Uint8Array, at: number, length: number, number: number): number {
  target[at++] = (number << 3) | 2;
  while (length >= 0x80) {
    target[at++] = (length & 0x7f) | 0x80;
    length >>>= 7;
  }
  target[at++] = length;
  return at;
}
