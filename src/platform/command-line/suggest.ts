// What somebody who mistyped a command may have meant.
import type { CommandSpec } from "./command.ts";

const farthest = 2;

/** Empty when nothing is near. */
export function suggestions(typed: string, spec: CommandSpec): string {
  const wanted = typed.toLowerCase();
  const near = (spec.commands ?? []).filter((it) => !it.hidden && (distance(wanted, it.name.toLowerCase()) <= farthest || it.name.toLowerCase().startsWith(wanted))).map((it) => it.name);
  return near.length === 0 ? "" : `\n\nDid you mean this?\n${near.toSorted().map((it) => `\t${it}\n`).join("")}`;
}

/** How many letters to add, take away or change. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let of = 1; of <= to.length; of++) {
      const changed = (row[of - 1] ?? 0) + (from[at - 1] === to[of - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[of] ?? 0) + 1, (next[of - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
