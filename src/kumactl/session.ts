// One call of kumactl: its shared flags, its configuration, and the control plane it talks to.
import { reasonOf } from "#platform";
import { requireLogLevel, type Flag, type FlagValues } from "#platform/command-line";
import { activeControlPlane, defaultConfigFile, initialConfiguration, readConfiguration, writeConfiguration, type ApiServer, type Configuration } from "./config/config.ts";
import { plaintextTokenFlag, type World } from "./program.ts";
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
  /** The active control plane; it is not called yet. Where it is not known well enough the error says what `purpose` it was for, as "a zone". */
  client(purpose?: string): Promise<ControlPlaneClient>;
  /** A control plane that is not in the configuration yet, called without its credential. */
  strangerClient(server: ApiServer): Promise<ControlPlaneClient>;
  /** Looks whether the active control plane fits to this program: warnings go to stderr and stop nothing. */
  checkVersion(): Promise<void>;
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

  const connect = async (target: ApiServer, anonymous: boolean): Promise<ControlPlaneClient> => {
    const { controlPlaneClient } = await import("./server/client.ts");
    const made = await controlPlaneClient(target, { timeoutMs: given().number("api-timeout"), allowsPlaintextToken: given().isSet(plaintextTokenFlag), anonymous }, world);
    clients.push(made);
    return made;
  };
  // One for all calls, so that they share a connection.
  let active: Promise<ControlPlaneClient> | undefined;
  const client = async (purpose?: string): Promise<ControlPlaneClient> => {
    active ??= Promise.resolve().then(() => connect(activeControlPlane(configuration, given().text("context")).coordinates?.apiServer ?? {}, false));
    try {
      return await active;
    } catch (error) {
      throw purpose ? new Error(`failed to create ${purpose} client: ${reasonOf(error)}`, { cause: error }) : error;
    }
  };

  return {
    world,
    client,
    strangerClient: (server) => connect(server, true),
    configuration: () => configuration,
    async begin(shared) {
      flags = shared;
      requireLogLevel(shared);
      if (shared.isSet("no-config")) return;
      const found = await readConfiguration(configFile());
      if (found) configuration = found;
      else await writeConfiguration(configFile(), configuration);
    },
    async save(changed) {
      configuration = changed;
      if (!given().isSet("no-config")) await writeConfiguration(configFile(), changed);
    },
    async checkVersion() {
      const { about, versionWarning } = await import("./server/about.ts");
      try {
        const warning = versionWarning(await about(await client()));
        if (warning) world.err(`${warning}\n`);
      } catch (error) {
        world.err(`WARNING: Failed to retrieve server version, can't check compatibility: ${reasonOf(error)}\n`);
      }
    },
    end() {
      for (const it of clients) it.close();
    },
  };
}
