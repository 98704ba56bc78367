// The certificate backends a Mesh may name, and what each asks of its settings (spec/security.md 7.1-7.3).
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { CertificateAuthorityBackend } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { BuiltinCertificateAuthorityConfigSchema } from "#gen/kuma/mesh/v1alpha1/backend_confs_pb.js";
import { flatProblem, isObject, violation, type Violation } from "#resources";

/** Says what is wrong with a backend; fields are relative to its `conf`. */
export type CheckBackend = (mesh: string, backend: CertificateAuthorityBackend) => readonly Violation[] | Promise<readonly Violation[]>;

export function builtinBackend(_mesh: string, backend: CertificateAuthorityBackend): readonly Violation[] {
  const field = "mtls.backends.name";
  if (backend.name.length > 255) return [violation(field, "Backend name is too long. Max length: 255")];
  const unreadable = backend.conf ? flatProblem(BuiltinCertificateAuthorityConfigSchema, backend.conf) : undefined;
  if (unreadable) return [violation("", `could not convert backend config: ${unreadable}`)];
  const isDnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(backend.name);
  return isDnsName ? [] : [violation(field, `"${backend.name}" name must be valid dns name`)];
}

/** The settings of a provided authority; `checkPair` loads and checks certificate and key once both are named. */
export function providedBackend(checkPair: CheckBackend): CheckBackend {
  return async (mesh, backend) => {
    const conf: JsonObject = backend.conf ?? {};
    const missing = ["cert", "key"].flatMap((field) => validateSource(field, conf[field]));
    return missing.length > 0 ? missing : checkPair(mesh, backend);
  };
}

const sources = ["secret", "file", "inline", "inlineString"];

function validateSource(field: string, source: JsonValue | undefined): readonly Violation[] {
  if (!isObject(source)) return [violation(field, "has to be defined")];
  const chosen = sources.find((it) => source[it] !== undefined);
  if (!chosen) return [violation(field, "data source has to be chosen. Available sources: secret, file, inline")];
  return source[chosen] === "" ? [violation(`${field}.${chosen}`, "cannot be empty")] : [];
}

/** Names of the Secrets of its mesh that a backend lives on. */
export function secretsOfBackend(mesh: string, backend: CertificateAuthorityBackend): readonly string[] {
  if (backend.type === "builtin") return [`${mesh}.ca-builtin-cert-${backend.name}`, `${mesh}.ca-builtin-key-${backend.name}`];
  const sourcesOf: readonly unknown[] = [backend.conf?.["cert"], backend.conf?.["key"]];
  return sourcesOf.flatMap((it) => (isObject(it) && typeof it["secret"] === "string" ? [it["secret"]] : []));
}
