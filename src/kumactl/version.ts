// `kumactl version`: this program and the control plane it talks to.
import { reasonOf } from "#platform";
import type { CommandSpec } from "#platform/command-line";
import { buildFacts, product, version } from "./program.ts";
import type { Session } from "./session.ts";

export function versionCommand(session: Session): CommandSpec {
  const { out, err } = session.world;
  return {
    name: "version",
    summary: "Print the versions of this program and of the control plane",
    flags: [{ name: "detailed", short: "a", type: "bool", help: "with details of the build and the whole answer of the control plane" }],
    async run({ flags }) {
      const isDetailed = flags.isSet("detailed");
      out(isDetailed ? details() : `Client: ${product} ${version}\n`);
      try {
        const { about } = await import("./server/about.ts");
        const server = await about(await session.client());
        out(isDetailed ? `Server: ${indented(server.document)}\n` : `Server: ${server.product} ${server.version}\n`);
      } catch (error) {
        err(`Unable to connect to control plane: ${reasonOf(error)}\n`);
      }
    },
  };
}

function details(): string {
  const facts = { Product: product, Version: version, "Git Tag": buildFacts.gitTag, "Git Commit": buildFacts.gitCommit, "Build Date": buildFacts.buildDate, Implementation: "Koguma" };
  return Object.entries(facts).map(([name, value]) => `${`${name}:`.padEnd(name.length < 14 ? 15 : 0)}${name.length < 14 ? "" : " "}${value}\n`).join("");
}

const indented = (document: object): string => JSON.stringify(Object.fromEntries(Object.entries(document).toSorted(([a], [b]) => (a < b ? -1 : 1))), null, 3);
