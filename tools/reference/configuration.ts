// The page about the settings of kuma-cp, from their one schema.
import { formatDuration } from "../../src/platform/index.ts";
import { keys } from "../../src/kuma-cp/config/keys/index.ts";
import { code, page, table } from "./markdown.ts";

export function configurationPage(): string {
  const rows = Object.entries(keys)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, key]) => [code(path), key.env.map(code).join(" "), shown(key.type, key.fallback), key.note]);
  return page(
    "Configuration of kuma-cp", "the schema in `src/kuma-cp/config/keys`",
    "A value in the environment wins over one in the file (`kuma-cp run --config-file`), that over the default. Lists are separated by commas, durations are\nwritten as `10s` or `1h30m`.",
    table(["key", "environment", "default", "meaning"], rows),
  );
}

function shown(type: string, value: unknown): string {
  if (type === "duration") return formatDuration(value as number);
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object" && value !== null) return "";
  return String(value);
}
