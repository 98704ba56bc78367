// The meaning of a Mesh: authority, membership rules and the older observability backends.
import type { JsonObject } from "@bufbuild/protobuf";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { isPort, portRange, validateSelector } from "../field-rules.ts";
import { unreadableConf, validatePrometheus } from "../backend-confs.ts";

interface Named {
  readonly name: string;
  readonly type: string;
  readonly conf?: JsonObject | undefined;
}

/** A change of authority needs two backends for a while. */
export const validateMesh = (mesh: Mesh): readonly Violation[] => violationsOf(mesh, 2);

/** As in Kuma: a Mesh has one authority as long as its mTLS is on. */
export const validateMeshWithOneAuthority = (mesh: Mesh): readonly Violation[] => violationsOf(mesh, 1);

function violationsOf(mesh: Mesh, mostBackends: number): readonly Violation[] {
  return [
    ...validateMtls(mesh, mostBackends),
    ...validateLogging(mesh),
    ...validateTracing(mesh),
    ...validateMetrics(mesh),
    ...validateConstraints(mesh),
    ...(mesh.routing?.zoneEgress && !mesh.mtls?.enabledBackend ? [violation("mtls", "has to be set when zoneEgress enabled")] : []),
  ];
}

function validateMtls({ mtls }: Mesh, mostBackends: number): readonly Violation[] {
  if (!mtls) return [];
  const names = mtls.backends.map((it) => it.name);
  const badRotation = mtls.backends.some((it) => it.dpCert && !isMeshDuration(it.dpCert.rotation?.expiration ?? ""));
  return [
    ...(mtls.backends.length > mostBackends ? [violation("mtls.backends", `cannot have more than ${mostBackends} backends`)] : []),
    ...names.flatMap((name, at) => usedBefore("mtls", names, name, at)),
    ...(badRotation ? [violation("mtls.dpcert.rotation.expiration", "has to be a valid format")] : []),
    ...(mtls.enabledBackend && !names.includes(mtls.enabledBackend) ? [violation("mtls.enabledBackend", "has to be set to one of the backends in the mesh")] : []),
  ];
}

/** One number and one unit of ms, s, m, h, d, w, y; or 0. */
const isMeshDuration = (text: string): boolean => /^(0|\d+(ms|s|m|h|d|w|y))$/.test(text);

function usedBefore(section: string, names: readonly string[], name: string, at: number): readonly Violation[] {
  return names.indexOf(name) < at ? [violation(`${section}.backends[${at}].name`, `"${name}" name is already used for another backend`)] : [];
}

function validateBackends(section: string, backends: readonly Named[], types: readonly string[], confProblems: (backend: Named, at: string) => readonly Violation[]): readonly Violation[] {
  const names = backends.map((it) => it.name);
  return backends.flatMap((backend, index) => {
    const at = `${section}.backends[${index}]`;
    const known = types.includes(backend.type);
    return [
      ...(backend.name === "" ? [violation(`${at}.name`, "cannot be empty")] : []),
      ...confProblems(backend, at),
      ...usedBefore(section, names, backend.name, index),
      ...(known ? [] : [violation(`${at}.type`, `unknown backend type. Available backends: ${types.map((it) => `"${it}"`).join(", ")}`)]),
    ];
  });
}

function validateDefault(section: string, backends: readonly Named[], name: string): readonly Violation[] {
  if (!name || backends.some((it) => it.name === name)) return [];
  return [violation(`${section}.defaultBackend`, `has to be set to one of the ${section} backend in mesh`)];
}

const textIn = (conf: JsonObject | undefined, key: string): string => (typeof conf?.[key] === "string" ? conf[key] : "");

function validateLogging({ logging }: Mesh): readonly Violation[] {
  if (!logging) return [];
  const problems = (backend: Named, at: string): readonly Violation[] => {
    const unreadable = unreadableConf(`${at}.config`, backend.type, backend.conf);
    if (unreadable.length > 0) return unreadable;
    if (backend.type === "file") return textIn(backend.conf, "path") ? [] : [violation(`${at}.config.path`, "cannot be empty")];
    if (backend.type !== "tcp") return [];
    const address = textIn(backend.conf, "address");
    if (!address) return [violation(`${at}.config.address`, "cannot be empty")];
    return /^(\[[^\]]*\]|[^:]*):\d+$/.test(address) ? [] : [violation(`${at}.config.address`, "has to be in format of HOST:PORT")];
  };
  return [...validateBackends("logging", logging.backends, ["tcp", "file"], problems), ...validateDefault("logging", logging.backends, logging.defaultBackend)];
}

function validateTracing({ tracing }: Mesh): readonly Violation[] {
  if (!tracing) return [];
  const problems = (backend: Named & { readonly sampling?: number | undefined }, at: string): readonly Violation[] => {
    const sampling = backend.sampling ?? 0;
    const unreadable = unreadableConf(`${at}.config`, backend.type, backend.conf);
    return [
      ...(sampling < 0 || sampling > 100 ? [violation(`${at}.sampling`, "has to be in [0.0 - 100.0] range")] : []),
      ...(unreadable.length > 0 ? unreadable : backend.type === "zipkin" ? validateZipkin(backend.conf, at) : backend.type === "datadog" ? validateDatadog(backend.conf, at) : []),
    ];
  };
  return [...validateBackends("tracing", tracing.backends, ["zipkin", "datadog"], problems), ...validateDefault("tracing", tracing.backends, tracing.defaultBackend)];
}

function validateZipkin(conf: JsonObject | undefined, at: string): readonly Violation[] {
  const url = textIn(conf, "url");
  const version = textIn(conf, "apiVersion");
  const versions = ["httpJsonV1", "httpJson", "httpProto"];
  return [
    ...(version && !versions.includes(version) ? [violation(`${at}.config.apiVersion`, `has invalid value. Allowed values: ${versions.join(", ")}`)] : []),
    ...(url === "" ? [violation(`${at}.config.url`, "cannot be empty")] : URL.canParse(url) ? [] : [violation(`${at}.config.url`, "invalid URL")]),
  ];
}

function validateDatadog(conf: JsonObject | undefined, at: string): readonly Violation[] {
  return [
    ...(textIn(conf, "address") ? [] : [violation(`${at}.config.address`, "cannot be empty")]),
    ...(isPort(Number(conf?.["port"] ?? 0)) ? [] : [violation(`${at}.config.port`, portRange)]),
  ];
}

function validateMetrics({ metrics }: Mesh): readonly Violation[] {
  if (!metrics) return [];
  const settings = (backend: Named, at: string) => (backend.type === "prometheus" ? validatePrometheus(`${at}.conf`, backend.conf) : []);
  const named = validateBackends("metrics", metrics.backends, ["prometheus"], settings).filter((it) => it.message !== "cannot be empty");
  const known = !metrics.enabledBackend || metrics.backends.some((it) => it.name === metrics.enabledBackend);
  return [...named, ...(known ? [] : [violation("metrics.enabledBackend", "has to be set to one of the backends in the mesh")])];
}

function validateConstraints({ constraints }: Mesh): readonly Violation[] {
  const rules = constraints?.dataplaneProxy;
  const selectors = (section: string, list: readonly { readonly tags: Readonly<Record<string, string>> }[] = []) =>
    list.flatMap((rule, at) => validateSelector(`constraints.dataplaneProxy.${section}[${at}].tags`, rule.tags));
  return [...selectors("requirements", rules?.requirements), ...selectors("restrictions", rules?.restrictions)];
}
