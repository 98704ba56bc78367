// Sealed resources: packed, hashed and encoded once; equal ones are one object that every proxy's session refers to.
import { createHash } from "node:crypto";
import { create, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { typeUrlOf } from "./any.ts";

export interface Sealed {
  readonly typeUrl: string;
  readonly name: string;
  /** Hash of the content: the resource's version. */
  readonly version: string;
  /** The resource as `google.protobuf.Any`, encoded. */
  readonly any: Uint8Array;
}

export interface Sealer {
  /** Seals a message; equal content gives the same object. */
  seal<M extends DescMessage>(schema: M, name: string, message: MessageShape<M>): Sealed;
  /** Returns what was sealed under `key` before, or builds it. Kept only while somebody holds the result. */
  keyed(key: string, build: () => Sealed): Sealed;
  readonly stats: { built: number; shared: number };
}

export function createSealer(): Sealer {
  const byContent = new Map<string, WeakRef<Sealed>>();
  const byKey = new Map<string, WeakRef<Sealed>>();
  const stats = { built: 0, shared: 0 };
  const forget = new FinalizationRegistry<() => void>((clean) => clean());
  const remember = (map: Map<string, WeakRef<Sealed>>, key: string, sealed: Sealed) => {
    const reference = new WeakRef(sealed);
    map.set(key, reference);
    forget.register(sealed, () => {
      if (map.get(key) === reference) map.delete(key);
    });
  };
  return {
    stats,
    seal(schema, name, message) {
      stats.built++;
      const typeUrl = typeUrlOf(schema);
      const any = toBinary(AnySchema, create(AnySchema, { typeUrl, value: toBinary(schema, message) }));
      const version = createHash("sha256").update(any).digest("hex").slice(0, 32);
      const existing = byContent.get(version)?.deref();
      if (existing) return existing;
      const sealed: Sealed = { typeUrl, name, version, any };
      remember(byContent, version, sealed);
      return sealed;
    },
    keyed(key, build) {
      const existing = byKey.get(key)?.deref();
      if (existing) {
        stats.shared++;
        return existing;
      }
      const sealed = build();
      remember(byKey, key, sealed);
      return sealed;
    },
  };
}
