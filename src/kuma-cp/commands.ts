// The commands of kuma-cp and their flags.
import { completionCommand, logFlags, requireLogLevel, type CommandSpec, type Flag, type FlagValues } from "#platform/command-line";

export interface ControlPlaneActions {
  readonly out: (text: string) => void;
  readonly version: string;
  readonly run: (flags: FlagValues) => Promise<void>;
  readonly migrate: () => void;
}

const configFile: Flag = { name: "config-file", short: "c", type: "string", help: "configuration file (YAML); every setting has an environment variable too" };

export function controlPlaneCommands({ out, version, run, migrate }: ControlPlaneActions): CommandSpec {
  const root: CommandSpec = {
    name: "kuma-cp",
    summary: "The control plane of a service mesh",
    sharedFlags: logFlags,
    before: requireLogLevel,
    commands: [
      completionCommand(() => root, out),
      { name: "migrate", summary: "Prepare the database of the control plane", commands: [{ name: "up", summary: "Bring its tables up to this version", flags: [configFile], run: migrate }] },
      { name: "run", summary: "Start the control plane", flags: [configFile], run: ({ flags }) => run(flags) },
      {
        name: "version", summary: "Print the version", flags: [{ name: "detailed", short: "a", type: "bool", help: "with details of the build" }],
        run: ({ flags }) => out(flags.isSet("detailed") ? `Product:       Kuma\nVersion:       ${version}\nGit Tag:       v${version}\nImplementation: Koguma\n` : `Kuma: ${version}\n`),
      },
    ],
  };
  return root;
}
