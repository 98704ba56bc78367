// Follows what a list shows until the user ends it. A terminal is redrawn; a pipe gets everything once and then the rows that changed.
// The API has no stream for lists, so they are asked for again, with the tag of the last answer where there is one, and less often while nothing answers.
import { reasonOf } from "#platform";
import type { Flag } from "#platform/command-line";
import { objectAt, textAt, type Json } from "../documents/rows.ts";
import type { World } from "../program.ts";
import { ApiError, type Answer, type ControlPlaneClient } from "../server/client.ts";
import { print, type Format } from "./format.ts";
import { renderTable } from "./screen.ts";
import { tableLines, type Table } from "./table.ts";

export const watchFlag: Flag = { name: "watch", short: "w", type: "bool", help: "go on and show what changes, until it is interrupted" };

export interface Watched {
  readonly path: string;
  readonly itemsOf: (answer: Answer) => readonly Json[];
  readonly tableOf: (items: readonly Json[], now: number) => Table;
}

const intervalMs = 2_000;
const longestMs = 30_000;

export async function watch(client: ControlPlaneClient, world: World, format: Format, { path, itemsOf, tableOf }: Watched): Promise<void> {
  const signal = world.interrupted();
  let known = new Map<string, string>();
  let items: readonly Json[] | undefined;
  let tag = "";
  let waitMs = intervalMs;
  while (!signal.aborted) {
    const answer = await client.request({ path, signal, ...(tag ? { knownTag: tag } : {}) }).catch((error: unknown) => failed(error, signal));
    if (signal.aborted) return;
    if (typeof answer === "string") {
      if (waitMs === intervalMs) world.err(`WARNING: ${answer}; trying again\n`);
      waitMs = Math.min(waitMs * 2, longestMs);
    } else {
      waitMs = intervalMs;
      if (answer.status !== 304) {
        const next = itemsOf(answer);
        if (!world.screen || format !== "table") world.out(await changes(format, { known, items: next, isFirst: items === undefined, table: tableOf(next, world.now()) }));
        known = new Map(next.map((it) => [keyOf(it), JSON.stringify(it)]));
        items = next;
        tag = answer.tag;
      }
      if (world.screen && format === "table") world.out(`${clearScreen}${renderTable(tableOf(items ?? [], world.now()), world.screen)}`);
    }
    await world.pause(waitMs, signal).catch(() => {});
  }
}

const clearScreen = "\u001b[H\u001b[2J";

/** The reason when it may pass; what the control plane refuses stays refused. */
function failed(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "";
  if (error instanceof ApiError && error.status < 500) throw error;
  return reasonOf(error);
}

const keyOf = (item: Json): string => JSON.stringify([textAt(item, "mesh"), textAt(item, "name")]);

interface Seen {
  readonly known: ReadonlyMap<string, string>;
  readonly items: readonly Json[];
  readonly isFirst: boolean;
  readonly table: Table;
}

async function changes(format: Format, { known, items, isFirst, table }: Seen): Promise<string> {
  const isNew = items.map((it) => known.get(keyOf(it)) !== JSON.stringify(it));
  const now = new Set(items.map(keyOf));
  const gone = [...known].flatMap(([key, text]) => (now.has(key) ? [] : [objectAt(JSON.parse(text))]));
  if (format !== "table") {
    const shown = await Promise.all(items.filter((_, at) => isNew[at]).map((it) => print(format, it, () => "")));
    return shown.map((text) => (format === "yaml" ? `---\n${text}` : text)).join("");
  }
  const lines = tableLines(table);
  const rows = lines.slice(1).filter((_, at) => isNew[at]);
  return [...(isFirst ? lines.slice(0, 1) : []), ...rows, ...gone.map((it) => `${[textAt(it, "mesh"), textAt(it, "name")].filter(Boolean).join("   ")}   deleted\n`)].join("");
}
