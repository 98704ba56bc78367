// One call of kumactl: its shared flags, its configuration, and the control plane it talks to.
import { UsageError, type Flag, type FlagValues } from "./cli/flags.ts";
import { activeControlPlane, defaultConfigFile, initialConfiguration, readConfiguration, writeConfiguration, type ApiServer, type Configuration } from "./config/config.ts";
import { plaintextTokenFlag, reasonOf, type World } from "./program.ts";
import type { ControlPlaneClient } from "./server/client.ts";

export const sharedFlags: readonly Flag[] = [
  { name: "api-timeout", type: "duration", help: "limit for each call to the control plane, from connecting to the last byte; 0 for none", fallback: "1m0s" },
  { name: "config-file", type: "string", help: "the configuration file, instead of ~/.kumactl/config" },
  { name: "context", type: "string", help: "name of the control plane to talk to, instead of the active one" },
  { name: "log-level", type: "string", help: "off, info or debug", fallback: "off" },
  { name: "no-config", type: "bool", help: "neither read nor write a configuration file" },
  { name: plaintextTokenFlag, type: "bool", help: "send a token even over http:// to another machine, where anybody on the way can read it" },
];

export interface Session {
  readonly world: World;
  /** Reads the shared flags and the configuration; the first use writes the initial one. */
  begin(flags: FlagValues): Promise<void>;
  configuration(): Configuration;
  save(configuration: Configuration): Promise<void>;
  /** A control plane, the active one when `server` is absent. It is not called yet. */
  client(server?: ApiServer): Promise<ControlPlaneClient>;
  /** The active control plane, after a look whether it fits to this program: warnings go to stderr and stop nothing. */
  checkedClient(): Promise<ControlPlaneClient>;
  end(): void;
}

export function openSession(world: World): Session {
  let flags: FlagValues | undefined;
  let configuration = initialConfiguration;
  const clients: ControlPlaneClient[] = [];
  const given = (): FlagValues => {
    if (!flags) throw new TypeError("the session has not begun");
    return flags;
  };
  const configFile = () => given().text("config-file") || defaultConfigFile(world.env);

  const client = async (server?: ApiServer): Promise<ControlPlaneClient> => {
    const target = server ?? activeControlPlane(configuration, given().text("context")).coordinates?.apiServer ?? {};
    const { controlPlaneClient } = await import("./server/client.ts");
    const settings = { timeoutMs: given().number("api-timeout"), allowsPlaintextToken: given().isSet(plaintextTokenFlag), anonymous: server !== undefined };
    const made = await controlPlaneClient(target, settings, world);
    clients.push(made);
    return made;
  };

  return {
    world,
    client,
    configuration: () => configuration,
    async begin(shared) {
      flags = shared;
      const level = shared.text("log-level");
      if (!["off", "info", "debug"].includes(level)) throw new UsageError(`unknown log level "${level}"`);
      if (shared.isSet("no-config")) return;
      const found = await readConfiguration(configFile());
      if (found) configuration = found;
      else await writeConfiguration(configFile(), configuration);
    },
    async save(changed) {
      configuration = changed;
      if (!given().isSet("no-config")) await writeConfiguration(configFile(), changed);
    },
    async checkedClient() {
      const { about, versionWarning } = await import("./server/about.ts");
      try {
        const warning = versionWarning(await about(await client()));
        if (warning) world.err(`${warning}\n`);
      } catch (error) {
        world.err(`WARNING: Failed to retrieve server version, can't check compatibility: ${reasonOf(error)}\n`);
      }
      return clients.at(-1) ?? client();
    },
    end() {
      for (const it of clients) it.close();
    },
  };
}
