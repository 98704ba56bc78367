// From the text of the configuration file to its checked form.
import { load } from "js-yaml";
import { reasonOf } from "#platform";
import type { ApiServer, Configuration, Context, ControlPlane } from "./config.ts";

/** Both spellings of a field count; unknown fields are ignored. */
export function parseConfiguration(text: string, path: string): Configuration {
  const refuse = (reason: string): never => {
    throw new Error(`Failed to parse configuration from file "${path}": ${reason}`);
  };
  const read = reader(refuse);
  const root = read.object(parseYaml(text, refuse), "the file");
  return {
    controlPlanes: read.list(root, "controlPlanes").map((it) => controlPlane(read, it)),
    contexts: read.list(root, "contexts").map((it) => context(read, it)),
    currentContext: read.text(root, "currentContext") ?? "",
  };
}

function parseYaml(text: string, refuse: (reason: string) => never): unknown {
  if (text.trim() === "") return {};
  try {
    return load(text);
  } catch (error) {
    return refuse(`yaml: ${reasonOf(error).split("\n", 1)[0]}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function reader(refuse: (reason: string) => never) {
  const object = (value: unknown, what: string): Fields => {
    if (value === undefined || value === null) return {};
    return typeof value === "object" && !Array.isArray(value) ? (value as Fields) : refuse(`${what} must be an object`);
  };
  const field = (from: Fields, name: string): unknown => from[name] ?? from[name.replaceAll(/[A-Z]/g, (it) => `_${it.toLowerCase()}`)] ?? undefined;
  return {
    object,
    field: (from: Fields, name: string) => object(field(from, name), name),
    list(from: Fields, name: string): readonly Fields[] {
      const value = field(from, name);
      if (value === undefined) return [];
      return Array.isArray(value) ? value.map((it: unknown) => object(it, name)) : refuse(`${name} must be a list`);
    },
    text(from: Fields, name: string): string | undefined {
      const value = field(from, name);
      return value === undefined || typeof value === "string" ? value : refuse(`${name} must be a text`);
    },
    boolean(from: Fields, name: string): boolean | undefined {
      const value = field(from, name);
      return value === undefined || typeof value === "boolean" ? value : refuse(`${name} must be true or false`);
    },
  };
}
type Reader = ReturnType<typeof reader>;

function controlPlane(read: Reader, from: Fields): ControlPlane {
  const server = read.field(read.field(from, "coordinates"), "apiServer");
  return { name: read.text(from, "name") ?? "", coordinates: { apiServer: apiServer(read, server) } };
}

function apiServer(read: Reader, from: Fields): ApiServer {
  const texts = Object.fromEntries((["url", "caCertFile", "clientCertFile", "clientKeyFile", "authType"] as const).flatMap((name) => {
    const value = read.text(from, name);
    return value ? [[name, value]] : [];
  }));
  const headers = read.list(from, "headers").map((it) => ({ key: read.text(it, "key") ?? "", value: read.text(it, "value") ?? "" }));
  const conf = read.field(from, "authConf");
  const authConf = Object.fromEntries(Object.keys(conf).map((name) => [name, read.text(conf, name) ?? ""]));
  return {
    ...texts,
    ...(headers.length > 0 ? { headers } : {}),
    ...(Object.keys(authConf).length > 0 ? { authConf } : {}),
    ...(read.boolean(from, "skipVerify") ? { skipVerify: true } : {}),
  };
}

function context(read: Reader, from: Fields): Context {
  const plane = read.text(from, "controlPlane");
  const mesh = read.text(read.field(from, "defaults"), "mesh");
  return { name: read.text(from, "name") ?? "", ...(plane ? { controlPlane: plane } : {}), ...(mesh ? { defaults: { mesh } } : {}) };
}
