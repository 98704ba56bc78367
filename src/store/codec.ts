// What a disk or database keeps of a resource: JSON by kind; the bytes of secrets only sealed.
import type { Message } from "@bufbuild/protobuf";
import { isObject, keyText, readFlat, writeFlat, type Kinds, type Resource, type ResourceKey } from "#resources";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Codec } from "./store.ts";

/** Authenticated encryption, from security/: `context` must be the same for sealing and opening. Throws when it is not, or the key is another. */
export interface Sealing {
  seal(plain: Uint8Array, context: string): Uint8Array;
  open(sealed: Uint8Array, context: string): Uint8Array;
}

/** Secrets are bound to their key: a sealed value copied to another row does not open. */
export function jsonCodec(kinds: Kinds, sealing: Sealing): Codec {
  return {
    kind: (type) => kinds.byName(type),
    encode(resource) {
      const json = plainJson(kinds, resource);
      if (!isSecret(kinds, resource.type)) return json;
      return JSON.stringify({ sealed: Buffer.from(sealing.seal(Buffer.from(json), keyText(resource))).toString("base64") });
    },
    decode(key, text) {
      const json: unknown = JSON.parse(text);
      if (!isSecret(kinds, key.type)) return specOf(kinds, key, json);
      if (!isObject(json) || typeof json["sealed"] !== "string") throw new Error(`${keyText(key)} is not sealed`);
      const plain = sealing.open(Buffer.from(json["sealed"], "base64"), keyText(key));
      return specOf(kinds, key, JSON.parse(Buffer.from(plain).toString()) as unknown);
    },
  };
}

/** Kinds that only administrators read are secrets on the disk as well. */
const isSecret = (kinds: Kinds, type: string): boolean => kinds.byName(type)?.adminOnly === true;

function plainJson(kinds: Kinds, resource: Resource): string {
  const kind = kinds.byName(resource.type);
  return JSON.stringify(kind?.shape === "flat" ? writeFlat(kind.message, resource.spec as Message) : resource.spec);
}

function specOf(kinds: Kinds, key: ResourceKey, json: unknown): unknown {
  const kind = kinds.byName(key.type);
  return kind?.shape === "flat" ? readFlat(kind.message, json as JsonObject) : json;
}
