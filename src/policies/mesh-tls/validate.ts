// What a MeshTLS must satisfy beyond its schema (spec/api.md 1.11).
import { eachItem, validateTargetRef, violation, type Violation } from "#resources";
import type { MeshTLSSpec, TlsConf } from "./kind.ts";

const versions = ["TLS10", "TLS11", "TLS12", "TLS13"];

export function validateMeshTLS({ targetRef, from, rules }: MeshTLSSpec): Violation[] {
  const isWholeMesh = !targetRef || targetRef.kind === "Mesh";
  return [
    ...validateTargetRef("spec.targetRef", targetRef, { kinds: ["Mesh", "MeshSubset", "Dataplane"], isInbound: Boolean(from?.length || rules?.length) }),
    ...(from?.length && rules?.length ? [violation("spec", "field 'from' must be empty when 'rules' is defined")] : []),
    ...eachItem("spec.rules", rules, (path, rule) => validateConf(`${path}.default`, rule.default, isWholeMesh)),
    ...eachItem("spec.from", from, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh"] }),
      ...validateConf(`${path}.default`, item.default, isWholeMesh),
    ]),
  ];
}

function validateConf(path: string, { tlsVersion, tlsCiphers }: TlsConf, isWholeMesh: boolean): Violation[] {
  const found: Violation[] = [];
  if (!isWholeMesh && tlsCiphers?.length) found.push(violation(`${path}.tlsCiphers`, "tlsCiphers can only be defined with top level targetRef kind: Mesh"));
  if (!isWholeMesh && tlsVersion) found.push(violation(`${path}.tlsVersion`, "tlsVersion can only be defined with top level targetRef kind: Mesh"));
  if (!isWholeMesh || !tlsVersion) return found;
  const [min, max] = [versions.indexOf(tlsVersion.min), versions.indexOf(tlsVersion.max)];
  if (min >= 0 && max >= 0 && min > max) found.push(violation(`${path}.tlsVersion.min`, "min version must be lower than max"));
  return found;
}
