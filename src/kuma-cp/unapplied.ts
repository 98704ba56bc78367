// Policies that are stored and shown but change nothing at Envoy yet say so in the answer to whoever writes them.
import { notApplied } from "#policies";
import type { WriteDoor } from "#write";

export function warnOfUnapplied(door: WriteDoor): WriteDoor {
  return {
    ...door,
    async writeDocument(writer, key, document) {
      const written = await door.writeDocument(writer, key, document);
      const meanwhile = notApplied.get(key.type);
      if (meanwhile === undefined) return written;
      return { ...written, warnings: [...written.warnings, `${key.type} is stored but has no effect on proxies in this version yet (${meanwhile})`] };
    },
  };
}
