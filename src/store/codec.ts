// What a disk or database keeps of a resource: JSON by kind; the bytes of secrets only sealed.
import type { Message } from "@bufbuild/protobuf";
import { keyText, readFlat, writeFlat, type Kinds, type Resource, type ResourceKey } from "#resources";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Codec } from "./store.ts";

/** Authenticated encryption, from security/ (`sealSecret`, `openSecret` with their key): `context` must be the same for both. */
export interface Sealing {
  seal(plain: string, context: string): string;
  /** Throws when key, context or text are not what they were; may hand back what was never sealed as it is. */
  open(sealed: string, context: string): string;
}

/** Secrets are bound to their key: a sealed value copied to another row does not open. */
export function jsonCodec(kinds: Kinds, sealing: Sealing): Codec {
  return {
    kind: (type) => kinds.byName(type),
    encode(resource) {
      const json = plainJson(kinds, resource);
      return isSecret(kinds, resource.type) ? sealing.seal(json, keyText(resource)) : json;
    },
    decode(key, text) {
      const json = isSecret(kinds, key.type) ? sealing.open(text, keyText(key)) : text;
      return specOf(kinds, key, JSON.parse(json) as unknown);
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
