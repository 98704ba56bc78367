// What streams and versions say about a proxy or a zone: the columns that all overviews share.
import { age } from "../output/table.ts";
import { listAt, numberAt, objectAt, textAt, type Json } from "../documents/rows.ts";

/** Connected: the last stream has no end. */
export const isOnline = (insight: Json): boolean => {
  const last = listAt(insight, "subscriptions").at(-1);
  return last !== undefined && textAt(last, "connectTime") !== "" && textAt(last, "disconnectTime") === "";
};

export interface Status {
  readonly text: "Online" | "Offline" | "Partially degraded";
  readonly notes: readonly string[];
}

/** A gateway is as online as its stream; others also need inbounds and listeners that are ready. */
export function dataplaneStatus(dataplane: Json, insight: Json): Status {
  const online = isOnline(insight);
  if (objectAt(dataplane, "networking")["gateway"] !== undefined) return { text: online ? "Online" : "Offline", notes: [] };
  const inbounds = listAt(dataplane, "networking", "inbound");
  const listeners = listAt(dataplane, "networking", "listeners");
  const notes = [
    ...inbounds.filter((it) => !isReady(it)).map((it) => `inbound[port=${textAt(it, "port")},svc=${textAt(it, "tags", "kuma.io/service")}] is not ready`),
    ...listeners.filter((it) => !isReady(it)).map((it) => `listener[port=${textAt(it, "port")},type=${textAt(it, "type")}] is not ready`),
  ];
  if (!online || notes.length === inbounds.length + listeners.length) return { text: "Offline", notes };
  return { text: notes.length === 0 ? "Online" : "Partially degraded", notes };
}

/** `Ignored` counts as ready: nobody waits for it. Older control planes write `health` and no state. */
function isReady(holder: unknown): boolean {
  const state = textAt(holder, "state") || "Ready";
  const health = objectAt(holder)["health"];
  return state === "Ignored" || (state === "Ready" && (health === undefined || objectAt(health)["ready"] === true));
}

export const streamHeader = ["LAST CONNECTED AGO", "LAST UPDATED AGO", "TOTAL UPDATES", "TOTAL ERRORS"] as const;

export function streamColumns(insight: Json, now: number): readonly string[] {
  const subscriptions = listAt(insight, "subscriptions");
  const last = subscriptions.at(-1);
  const latest = (moments: readonly string[]) => moments.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
  const sum = (field: string) => String(subscriptions.reduce<number>((all, it) => all + numberAt(it, "status", "total", field), 0));
  const updated = latest(subscriptions.map((it) => textAt(it, "status", "lastUpdateTime")).filter(Boolean));
  return [age(textAt(last, "connectTime") || undefined, now), age(updated, now), sum("responsesSent"), sum("responsesRejected")];
}

/** Of the last stream, by path below `version`. */
export const versionAt = (insight: Json, ...path: readonly string[]): string => textAt(listAt(insight, "subscriptions").at(-1), "version", ...path);
