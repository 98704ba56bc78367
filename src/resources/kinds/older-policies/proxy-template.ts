// The meaning of a ProxyTemplate: known imports, operations that fit what they change.
import type { ProxyTemplate, ProxyTemplate_Conf, ProxyTemplate_Modifications as Modification } from "#gen/kuma/mesh/v1alpha1/older_policies_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { notEmpty, when } from "./checks.ts";
import { validateSelectors } from "./selectors.ts";

const profiles = ["default-proxy", "egress-proxy", "gateway-proxy", "ingress-proxy"];
const wholeOperations = ["add", "patch", "remove"];
const filterOperations = ["addFirst", "addLast", "addBefore", "addAfter", "patch", "remove"];
const operations = new Map<string, readonly string[]>([
  ["cluster", wholeOperations],
  ["listener", wholeOperations],
  ["virtualHost", wholeOperations],
  ["networkFilter", filterOperations],
  ["httpFilter", filterOperations],
]);

export function validateProxyTemplate({ selectors, conf }: ProxyTemplate): readonly Violation[] {
  return [...validateSelectors("selectors", selectors, { isOptional: true }), ...(conf ? validateConf(conf) : [])];
}

function validateConf({ imports, resources, modifications }: ProxyTemplate_Conf): readonly Violation[] {
  return [
    ...imports.flatMap((name, index) => {
      const at = `conf.imports[${index}]`;
      return name === "" ? notEmpty(at, name) : when(!profiles.includes(name), at, `profile not found. Available profiles: ${profiles.join(",")}`);
    }),
    ...resources.flatMap((it, index) => {
      const at = `conf.resources[${index}]`;
      return [...notEmpty(`${at}.name`, it.name), ...notEmpty(`${at}.version`, it.version), ...notEmpty(`${at}.resource`, it.resource)];
    }),
    ...modifications.flatMap((it, index) => validateModification(`conf.modifications[${index}]`, it)),
  ];
}

function validateModification(path: string, { type }: Modification): readonly Violation[] {
  if (type.case === undefined) return [];
  const at = `${path}.${type.case}`;
  const { operation, match } = type.value;
  const known = operations.get(type.case) ?? [];
  if (!known.includes(operation)) return [violation(`${at}.operation`, `invalid operation. Available operations: ${known.map((it) => `"${it}"`).join(", ")}`)];
  const neighbour = operation === "addAfter" ? "after" : operation === "addBefore" ? "before" : undefined;
  return [
    ...when(operation === "add" && type.case !== "virtualHost" && match !== undefined, `${at}.match`, "cannot be defined"),
    ...when(neighbour !== undefined && !match?.name, `${at}.match.name`, `cannot be empty. You need to pick a filter ${neighbour} which this one will be added`),
    ...when(operation === "patch" && type.case.endsWith("Filter") && !match?.name, `${at}.match.name`, "cannot be empty"),
  ];
}
