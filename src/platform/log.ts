// Log lines in the console format that Kuma's users read: time, level, name, message, fields; secrets are masked.

export type LogLevel = "off" | "error" | "warn" | "info" | "debug";
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose name is `<this name>.<name>`. */
  child(name: string): Log;
}

/** Levels by logger name; a name takes the level of its longest configured prefix. */
export interface LogLevels {
  root: LogLevel;
  readonly byName: Map<string, LogLevel>;
}

const rank: Record<LogLevel, number> = { off: 0, error: 1, warn: 2, info: 3, debug: 4 };
const secretField = /token|secret|password|privatekey|private_key|authorization|credential/i;
const jwt = /eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*/g;
const pemKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Masks tokens and private keys inside any text. Used for log lines, errors and dumps alike. */
export function maskSecrets(text: string): string {
  return text.replace(jwt, "[redacted token]").replace(pemKey, "[redacted private key]");
}

/** `write` gets each line that its logger's level lets through. */
export function createLog(write: (line: string, level: LogLevel, name: string) => void, now: () => number, levels: LogLevels, name = ""): Log {
  const emit = (level: Exclude<LogLevel, "off">, message: string, fields?: LogFields) => {
    if (rank[levelFor(levels, name)] < rank[level]) return;
    const time = new Date(now()).toISOString().replace("Z", "+0000");
    const text = fields && Object.keys(fields).length > 0 ? `\t${maskSecrets(JSON.stringify(printable(fields)))}` : "";
    write(`${time}\t${level.toUpperCase()}\t${name}\t${maskSecrets(message)}${text}\n`, level, name);
  };
  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    child: (child) => createLog(write, now, levels, name ? `${name}.${child}` : child),
  };
}

function levelFor(levels: LogLevels, name: string): LogLevel {
  for (let prefix = name; prefix; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf(".")))) {
    const level = levels.byName.get(prefix);
    if (level) return level;
  }
  return levels.root;
}

/** An error that is a refusal is printed with its code, so that alerts need not match on sentences. */
function printable(fields: LogFields): Record<string, unknown> {
  const refusal = Object.values(fields).map(refusalOf).find((it) => it !== undefined);
  const printed = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, secretField.test(key) && typeof value === "string" ? "[redacted]" : plain(value)]),
  );
  return refusal === undefined || "refusal" in printed ? printed : { ...printed, refusal };
}

const refusalOf = (value: unknown): string | undefined => (value instanceof Error && "refusal" in value && typeof value.refusal === "string" ? value.refusal : undefined);

function plain(value: unknown): unknown {
  if (value instanceof Error) return value.cause ? `${value.message}: ${String(plain(value.cause))}` : value.message;
  if (typeof value === "bigint") return value.toString();
  return value;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };
