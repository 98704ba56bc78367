// The commands of kuma-dp and their flags.
import { formatDuration } from "#platform";
import { completionCommand, logFlags, requireLogLevel, type CommandSpec, type Flag, type FlagValues } from "#platform/command-line";
import { acceptedFlags, settings, type Setting } from "./config.ts";

export interface DataplaneActions {
  readonly out: (text: string) => void;
  /** Its lines beside the product. */
  readonly version: { readonly version: string; readonly gitTag: string; readonly gitCommit: string; readonly buildDate: string };
  readonly run: (flags: FlagValues) => Promise<void>;
  readonly wait: (flags: FlagValues) => Promise<void>;
}

export function dataplaneCommands({ out, version, run, wait }: DataplaneActions): CommandSpec {
  const root: CommandSpec = {
    name: "kuma-dp",
    summary: "Runs Envoy as a data plane proxy of a service mesh",
    sharedFlags: logFlags,
    before: requireLogLevel,
    commands: [
      completionCommand(() => root, out),
      { name: "run", summary: "Start a data plane proxy", flags: runFlags, run: ({ flags }) => run(flags) },
      {
        name: "version", summary: "Print the version", flags: [{ name: "detailed", short: "a", type: "bool", help: "with details of the build" }],
        run: ({ flags }) =>
          out(flags.isSet("detailed") ? `Product:       Kuma\nVersion:       ${version.version}\nGit Tag:       ${version.gitTag}\nGit Commit:    ${version.gitCommit}\nBuild Date:    ${version.buildDate}\nImplementation: Koguma\n` : `Kuma: ${version.version}\n`),
      },
      {
        name: "wait", summary: "Wait until a data plane proxy is ready",
        flags: [
          { name: "check-frequency", type: "duration", help: "time between two attempts", fallback: "1s" },
          { name: "request-timeout", type: "duration", help: "longest time for one attempt", fallback: "500ms" },
          { name: "timeout", type: "duration", help: "longest time for all of them", fallback: "3m0s" },
          { name: "unix-socket", type: "string", help: "Envoy's admin socket, instead of the URL" },
          { name: "url", type: "string", help: "where it says that it is ready", fallback: "http://localhost:9901/ready" },
        ],
        run: ({ flags }) => wait(flags),
      },
    ],
  };
  return root;
}

const all: readonly Setting[] = [...Object.values(settings), ...acceptedFlags];

const runFlags: readonly Flag[] = [
  ...all.filter((it) => it.flag).map(flagOf),
  { name: "dataplane-var", short: "v", type: "map", help: "value for a {{ variable }} of the Dataplane, as key=value" },
];

function flagOf({ flag, short, env, fallback, help, isBoolean, type, deprecated }: Setting): Flag {
  const hint = env ? ` (also ${env})` : "";
  const base = { name: flag, help: `${help}${hint}`, fallback, ...(short ? { short } : {}), ...(deprecated ? { deprecated } : {}) };
  if (isBoolean) return { ...base, type: "bool" };
  if (type === "uint32") return { ...base, type: "int", valueName: "uint32" };
  if (type === "stringArray") return { ...base, type: "string", valueName: type };
  return { ...base, type: type ?? "string" };
}

/** What the command line sets, each as a user would write it. */
export function givenSettings(flags: FlagValues): Record<string, string> {
  return Object.fromEntries(
    runFlags.filter((it) => it.type !== "map" && flags.has(it.name)).map((it) => [it.name, textOf(it, flags)]),
  );
}

function textOf({ name, type }: Flag, flags: FlagValues): string {
  if (type === "bool") return String(flags.isSet(name));
  if (type === "int") return String(flags.number(name));
  return type === "duration" ? formatDuration(flags.number(name)) : flags.text(name);
}
