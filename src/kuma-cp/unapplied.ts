// Policies that are stored and shown but change nothing at Envoy yet say so in the answer to whoever writes them.
import { olderPolicyKinds } from "#resources/kinds";
import type { WriteDoor } from "#write";

const older = new Map([
  ...olderPolicyKinds.map(({ name }) => [name, "write the policy of the same purpose whose name begins with Mesh"] as const),
  ["MeshGateway", "builtin gateways get their admin listener only"],
  ["ExternalService", "use MeshExternalService"],
]);

export function warnOfUnapplied(door: WriteDoor): WriteDoor {
  return {
    ...door,
    async writeDocument(writer, key, document, condition) {
      const written = await door.writeDocument(writer, key, document, condition);
      const meanwhile = older.get(key.type);
      if (meanwhile === undefined) return written;
      return { ...written, warnings: [...written.warnings, `${key.type} is stored but has no effect on proxies in this version yet (${meanwhile})`] };
    },
  };
}
