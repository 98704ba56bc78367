// All pages of docs/reference.
import { commandTree } from "../../src/kumactl/main.ts";
import { openSession } from "../../src/kumactl/session.ts";
import { controlPlaneCommands } from "../../src/kuma-cp/commands.ts";
import { dataplaneCommands } from "../../src/kuma-dp/commands.ts";
import { acceptedFlags, settings, type Setting } from "../../src/kuma-dp/config.ts";
import { commandsPage } from "./commands.ts";
import { configurationPage } from "./configuration.ts";
import { code, page, table } from "./markdown.ts";
import { resourcePages } from "./resources.ts";
import { restPage } from "./rest.ts";

/** Texts by their path below docs/reference. */
export async function referencePages(): Promise<Map<string, string>> {
  const nothing = () => {};
  const never = async () => {};
  const kumactl = commandTree(openSession({ env: {}, now: () => 0, out: nothing, err: nothing, stdin: async () => "", interrupted: () => new AbortController().signal, pause: never }));
  const version = { version: "", gitTag: "", gitCommit: "", buildDate: "" };
  const pages = resourcePages();
  pages.set("kumactl.md", await commandsPage(kumactl, "its command tree (`src/kumactl`)"));
  pages.set("kuma-cp.md", await commandsPage(controlPlaneCommands({ out: nothing, version: "", run: never, migrate: nothing }), "its command tree (`src/kuma-cp/commands.ts`)"));
  pages.set("kuma-dp.md", `${await commandsPage(dataplaneCommands({ out: nothing, version, run: never, wait: never }), "its command tree (`src/kuma-dp/commands.ts`)")}\n${variables()}`);
  pages.set("configuration.md", configurationPage());
  pages.set("rest.md", await restPage());
  pages.set("README.md", index());
  return pages;
}

function variables(): string {
  const all: readonly Setting[] = [...Object.values(settings), ...acceptedFlags];
  const rows = all.filter((it) => it.env).toSorted((a, b) => (a.env < b.env ? -1 : 1)).map((it) => [code(it.env), it.flag ? code(`--${it.flag}`) : "", code(it.fallback), `${it.help}${acceptedFlags.includes(it) ? " (accepted, without effect in this version)" : ""}`]);
  return `## Environment of kuma-dp run\n\nA flag wins over its variable.\n\n${table(["variable", "flag", "default", "meaning"], rows)}\n`;
}

const index = (): string =>
  page(
    "Reference", "the declarations in the source",
    table(["page", "what it holds"], [
      ["[Resources](resources/README.md)", "every kind: its fields, where it is found, an example"],
      ["[REST API](rest.md)", "every route; the same as OpenAPI: `GET /openapi.json`"],
      ["[kumactl](kumactl.md)", "every command and flag"],
      ["[kuma-cp](kuma-cp.md)", "every command and flag"],
      ["[kuma-dp](kuma-dp.md)", "every command, flag and variable"],
      ["[Configuration](configuration.md)", "every setting of kuma-cp"],
    ]),
    "Examples of all kinds as files: [docs/examples](../examples/).",
  );
