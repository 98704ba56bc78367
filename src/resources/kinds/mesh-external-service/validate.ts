// The meaning of a MeshExternalService: reachable endpoints, complete client certificates.
import { violation, type Violation } from "../../failure.ts";
import { isHost } from "../field-rules.ts";
import type { MeshExternalServiceSpec } from "./kind.ts";

type Tls = NonNullable<MeshExternalServiceSpec["tls"]>;

export function validateMeshExternalService(spec: MeshExternalServiceSpec): readonly Violation[] {
  // An extension decides itself what endpoints and TLS mean.
  if (spec.extension) return spec.extension.type === "" ? [violation("spec.extension.type", "must not be empty")] : [];
  return [
    ...(spec.tls ? validateTls(spec.tls) : []),
    ...(spec.endpoints ?? []).flatMap(({ address }, at) =>
      isHost(address) ? [] : [violation(`spec.endpoints[${at}].address`, "address has to be a valid IP or hostname")],
    ),
  ];
}

const versions = ["TLS10", "TLS11", "TLS12", "TLS13"];

function validateTls({ version, verification }: Tls): readonly Violation[] {
  const min = versions.indexOf(version?.min ?? "");
  const max = versions.indexOf(version?.max ?? "");
  return [
    ...(min >= 0 && max >= 0 && min > max ? [violation("spec.tls.version.min", "min must be lower than max")] : []),
    ...(verification ? validateVerification(verification) : []),
  ];
}

function validateVerification({ serverName, clientCert, clientKey }: NonNullable<Tls["verification"]>): readonly Violation[] {
  const at = "spec.tls.verification";
  return [
    ...(serverName !== undefined && !isHost(serverName) ? [violation(`${at}.serverName`, "must be a valid DNS name")] : []),
    ...(clientCert && !clientKey ? [violation(`${at}.clientKey`, "must be defined when clientCert is defined")] : []),
    ...(clientKey && !clientCert ? [violation(`${at}.clientCert`, "must be defined when clientKey is defined")] : []),
  ];
}
