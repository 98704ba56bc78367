// The file `~/.kumactl/config`: which control planes there are and which one commands talk to. Interchangeable with Kuma's (spec/security.md 5).
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { reasonOf } from "#platform";
import { printYaml } from "../output/yaml.ts";

export interface ApiServer {
  readonly url?: string;
  readonly caCertFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly authType?: string;
  readonly authConf?: Readonly<Record<string, string>>;
  readonly skipVerify?: boolean;
}

export interface ControlPlane {
  readonly name: string;
  readonly coordinates?: { readonly apiServer?: ApiServer };
}

export interface Context {
  readonly name: string;
  readonly controlPlane?: string;
  readonly defaults?: { readonly mesh?: string };
}

export interface Configuration {
  readonly controlPlanes: readonly ControlPlane[];
  readonly contexts: readonly Context[];
  readonly currentContext: string;
}

export const initialConfiguration: Configuration = {
  controlPlanes: [{ name: "local", coordinates: { apiServer: { url: "http://localhost:5681" } } }],
  contexts: [{ name: "local", controlPlane: "local" }],
  currentContext: "local",
};

const addHint = "Use `kumactl config control-planes add` to add a Control Plane and make it active";

/** The control plane that commands talk to; `override` is the NAME of another one. */
export function activeControlPlane(configuration: Configuration, override = ""): ControlPlane {
  if (configuration.currentContext === "") throw new Error(`active Control Plane is not set. ${addHint}`);
  const context = configuration.contexts.find((it) => it.name === configuration.currentContext);
  const wanted = override || context?.controlPlane;
  const found = context && configuration.controlPlanes.find((it) => it.name === wanted);
  if (!found) throw new Error(`apparently, configuration is broken. ${addHint}`);
  return found;
}

/** Adds it, replacing one of the same name, and makes it the active one. */
export function withControlPlane(configuration: Configuration, added: ControlPlane): Configuration {
  const isKnown = configuration.controlPlanes.some((it) => it.name === added.name);
  const hasContext = configuration.contexts.some((it) => it.name === added.name);
  const context: Context = { name: added.name, controlPlane: added.name };
  return {
    controlPlanes: isKnown ? configuration.controlPlanes.map((it) => (it.name === added.name ? added : it)) : [...configuration.controlPlanes, added],
    contexts: hasContext ? configuration.contexts.map((it) => (it.name === added.name ? { ...it, ...context } : it)) : [...configuration.contexts, context],
    currentContext: added.name,
  };
}

export function switchedTo(configuration: Configuration, name: string): Configuration {
  const context = configuration.contexts.find((it) => it.controlPlane === name);
  if (!context || !configuration.controlPlanes.some((it) => it.name === name)) throw noControlPlane(name);
  return { ...configuration, currentContext: context.name };
}

/** Takes it and its contexts away; if it was the active one, the first of the others becomes active. */
export function withoutControlPlane(configuration: Configuration, name: string): Configuration {
  if (!configuration.controlPlanes.some((it) => it.name === name)) throw noControlPlane(name);
  const contexts = configuration.contexts.filter((it) => it.controlPlane !== name);
  const isActiveGone = !contexts.some((it) => it.name === configuration.currentContext);
  return {
    controlPlanes: configuration.controlPlanes.filter((it) => it.name !== name),
    contexts,
    currentContext: isActiveGone ? (contexts[0]?.name ?? "") : configuration.currentContext,
  };
}

const noControlPlane = (name: string) => new Error(`there is no Control Plane with name "${name}"`);

export function defaultConfigFile(env: Readonly<Record<string, string | undefined>>): string {
  return join(env["HOME"] ?? "", ".kumactl", "config");
}

/** Reads the file; undefined when it does not exist. Unknown fields are ignored. */
export async function readConfiguration(path: string): Promise<Configuration | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if ((error as NodeJS.ErrnoException).code === "EISDIR") throw new Error(`Failed to read configuration from file "${path}": read ${path}: is a directory`);
    throw new Error(`Failed to read file "${path}": ${reasonOf(error)}`);
  });
  if (text === undefined) return undefined;
  const { parseConfiguration } = await import("./parse.ts");
  return parseConfiguration(text, path);
}

/** Writes it so that a crash leaves the old or the new file, and only its owner can read the tokens in it. */
export async function writeConfiguration(path: string, configuration: Configuration): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, printConfiguration(configuration), { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
}

const hidden = "*****";
const secretHeader = /authorization|cookie|token|secret|password|api-?key/i;

/** For showing it: what authenticates is hidden, that it is there is not. */
export function withoutSecrets(configuration: Configuration): Configuration {
  const shown = (server: ApiServer): ApiServer => ({
    ...server,
    ...(server.headers ? { headers: server.headers.map((it) => (secretHeader.test(it.key) ? { ...it, value: hidden } : it)) } : {}),
    ...(server.authConf ? { authConf: Object.fromEntries(Object.keys(server.authConf).map((name) => [name, hidden])) } : {}),
  });
  return {
    ...configuration,
    controlPlanes: configuration.controlPlanes.map((it) => (it.coordinates?.apiServer ? { ...it, coordinates: { ...it.coordinates, apiServer: shown(it.coordinates.apiServer) } } : it)),
  };
}

/** Empty fields are left out, as protobuf does. */
export function printConfiguration({ controlPlanes, contexts, currentContext }: Configuration): string {
  return printYaml({
    ...(contexts.length > 0 ? { contexts } : {}),
    ...(controlPlanes.length > 0 ? { controlPlanes } : {}),
    ...(currentContext ? { currentContext } : {}),
  });
}
