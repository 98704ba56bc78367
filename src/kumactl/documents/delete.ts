// `kumactl delete`: one resource, named by kind and name.
import { reasonOf } from "#platform";
import type { CommandSpec } from "#platform/command-line";
import { kindNames } from "../kind-names.ts";
import { apiError } from "../server/client.ts";
import type { Session } from "../session.ts";
import { meshFlag } from "./get.ts";
import { itemPath } from "./paths.ts";

export function deleteCommand(session: Session): CommandSpec {
  return {
    name: "delete",
    argumentNames: "TYPE NAME",
    summary: "Delete a resource",
    flags: [meshFlag],
    argumentCount: 2,
    before: () => session.checkVersion(),
    async run({ flags, args: [type = "", name = ""] }) {
      const client = await session.client();
      const kind = kindNames.find((it) => it.singular === type || it.singularAlias === type);
      if (!kind) throw new Error(`unknown TYPE: ${type}. Allowed values: ${allowedTypes().join(", ")}`);
      const answer = await client.send({ method: "DELETE", path: itemPath(kind, flags.text("mesh"), name) }).catch((error: unknown) => {
        throw new Error(`failed to delete ${kind.name} with the name "${name}": ${reasonOf(error)}`, { cause: error });
      });
      if (answer.status === 404) throw new Error(`there is no ${kind.name} with name "${name}"`);
      if (answer.status !== 200) throw apiError(answer);
      session.world.out(`deleted ${kind.name} "${name}"\n`);
    },
  };
}

const allowedTypes = (): string[] => kindNames.flatMap((kind) => [kind.singular, ...(kind.singularAlias ? [kind.singularAlias] : [])]).toSorted();
