// `kumactl get`: resources of one kind, or a single one, as a table, YAML or JSON.
import { reasonOf } from "#platform";
import type { CommandSpec } from "#platform/command-line";
import type { Flag } from "#platform/command-line";
import { kindNames, type KindNames } from "../kind-names.ts";
import { formatOf, outputFlag, print, type Format } from "../output/format.ts";
import { renderTable } from "../output/screen.ts";
import { watch, watchFlag } from "../output/watch.ts";
import { ApiError, type Answer, type ControlPlaneClient } from "../server/client.ts";
import type { Session } from "../session.ts";
import { collectionPath, itemPath, query } from "./paths.ts";
import { listAt, objectAt, resourceTable, textAt, type Json } from "./rows.ts";

export const meshFlag: Flag = { name: "mesh", short: "m", type: "string", help: "the mesh", fallback: "default" };

export function getCommand(session: Session): CommandSpec {
  return { name: "get", summary: "Show resources", sharedFlags: [outputFlag], before: () => session.checkVersion(), commands: kindNames.flatMap((kind) => [listCommand(session, kind), itemCommand(session, kind)]) };
}

const aliasesOf = (alias: string | undefined) => (alias ? { aliases: [alias] } : {});

function listCommand(session: Session, kind: KindNames): CommandSpec {
  return {
    name: kind.plural,
    ...aliasesOf(kind.pluralAlias),
    summary: `Show all of kind ${kind.name}`,
    argumentCount: 0,
    flags: [
      meshFlag,
      { name: "size", type: "int", help: "show at most so many" },
      { name: "offset", type: "string", help: "begin with this one, as the last answer told" },
      watchFlag,
    ],
    async run({ flags }) {
      const client = await session.client();
      const [size, offset] = [flags.number("size"), flags.text("offset")];
      const path = collectionPath(kind, flags.text("mesh")) + query([...(size === 0 ? [] : [["size", String(size)] as const]), ...(offset === "" ? [] : [["offset", offset] as const])]);
      const format = formatOf(flags.text("output"));
      if (flags.isSet("watch")) return watch(client, session.world, format, { path, itemsOf, tableOf: (items, now) => resourceTable(kind, items, now) });
      const page = await fetchPage(client, path).catch((error: unknown) => {
        throw error instanceof ApiError ? error : new Error(`failed to list ${kind.name}: ${reasonOf(error)}`, { cause: error });
      });
      session.world.out(await print(format, page.shown, () => renderTable(resourceTable(kind, page.items, session.world.now()), session.world.screen) + page.footer));
    },
  };
}

const itemsOf = (answer: Answer): readonly Json[] => listAt(answer.json(), "items").map((it) => objectAt(it));

export interface Page {
  readonly items: readonly Json[];
  /** Total and items; the link to the next page is told by the footer of tables only. */
  readonly shown: Json;
  readonly footer: string;
}

export async function fetchPage(client: ControlPlaneClient, path: string): Promise<Page> {
  const document = objectAt((await client.request({ path })).json());
  const items = listAt(document, "items").map((it) => objectAt(it));
  const next = URL.parse(textAt(document, "next"))?.searchParams.get("offset");
  return {
    items,
    shown: { total: document["total"] ?? items.length, items, next: null },
    footer: next ? `\nRerun command with --offset=${next} argument to retrieve more resources\n` : "",
  };
}

function itemCommand(session: Session, kind: KindNames): CommandSpec {
  return {
    name: kind.singular,
    ...aliasesOf(kind.singularAlias),
    argumentNames: "NAME",
    summary: `Show one ${kind.name}`,
    argumentCount: 1,
    flags: [meshFlag, watchFlag],
    async run({ flags, args: [name = ""] }) {
      const client = await session.client();
      const mesh = flags.text("mesh");
      const path = itemPath(kind, mesh, name);
      const answer = await client.send({ path }).catch((error: unknown) => {
        throw new Error(`failed to get ${name}: ${reasonOf(error)}`, { cause: error });
      });
      if (answer.status === 404) throw new Error(kind.scope === "Global" ? "No resources found" : `No resources found in ${mesh} mesh`);
      const { apiError } = await import("../server/client.ts");
      if (answer.status !== 200) throw apiError(answer);
      const item = objectAt(answer.json());
      const format = formatOf(flags.text("output"));
      if (flags.isSet("watch")) return watch(client, session.world, format, { path, itemsOf: (it) => [objectAt(it.json())], tableOf: (items, now) => resourceTable(kind, items, now) });
      session.world.out(format === "table" ? renderTable(resourceTable(kind, [item], session.world.now()), session.world.screen) : await printItem(format, kind, item));
    },
  };
}

const envelope = new Set(["type", "mesh", "name", "creationTime", "modificationTime", "labels", "kri"]);

/** A flat resource in YAML begins with what all resources have. */
export async function printItem(format: Exclude<Format, "table">, kind: Pick<KindNames, "shape">, item: Json): Promise<string> {
  if (format !== "yaml" || kind.shape === "spec") return print(format, item, () => "");
  const part = (isMeta: boolean) => Object.fromEntries(Object.entries(item).filter(([key]) => envelope.has(key) === isMeta));
  const fields = part(false);
  return (await print("yaml", part(true), () => "")) + (Object.keys(fields).length > 0 ? await print("yaml", fields, () => "") : "");
}
