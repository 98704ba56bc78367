// The meaning of TrafficPermission, TrafficLog, TrafficTrace and TrafficRoute (texts observed at the reference).
import type {
  TrafficLog, TrafficPermission, TrafficRoute, TrafficRoute_Http, TrafficRoute_Http_Match_StringMatcher as StringMatcher, TrafficRoute_Http_Modify, TrafficRoute_Http_Modify_Headers, TrafficRoute_LoadBalancer,
  TrafficRoute_Split, TrafficTrace,
} from "#gen/kuma/mesh/v1alpha1/older_policies_pb.js";
import { violation, type Violation } from "../../failure.ts";
import type { Tags } from "../field-rules.ts";
import { notEmpty, when } from "./checks.ts";
import { validateIncoming, validateMatch, validateOutgoing, validateSelectors } from "./selectors.ts";

export const validateTrafficPermission = (policy: TrafficPermission): readonly Violation[] => validateIncoming(policy);
export const validateTrafficLog = (policy: TrafficLog): readonly Violation[] => validateOutgoing(policy);
export const validateTrafficTrace = ({ selectors }: TrafficTrace): readonly Violation[] => validateSelectors("selectors", selectors, { needsService: false });

export function validateTrafficRoute(policy: TrafficRoute): readonly Violation[] {
  const { conf } = policy;
  if (!conf) return [...validateOutgoing(policy), violation("conf", "cannot be empty")];
  return [
    ...validateOutgoing(policy),
    ...validateTargets("conf", conf),
    ...conf.http.flatMap((it, index) => validateHttpRoute(`conf.http[${index}]`, it)),
    ...validateLoadBalancer(conf.loadBalancer),
  ];
}

function validateTargets(at: string, { split, destination }: { readonly split: readonly TrafficRoute_Split[]; readonly destination: Tags }): readonly Violation[] {
  const isSingle = Object.keys(destination).length > 0;
  if (isSingle && split.length > 0) return [violation(at, '"split" cannot be defined at the same time as "destination"')];
  if (isSingle) return validateMatch(`${at}.destination`, destination);
  if (split.length === 0) return [violation(at, 'requires either "destination" or "split"')];
  const entries = split.flatMap((it, index) => [
    ...when(it.weight === undefined, `${at}.split[${index}].weight`, "needs to be defined"),
    ...validateMatch(`${at}.split[${index}].destination`, it.destination),
  ]);
  return [...entries, ...when(split.every((it) => (it.weight ?? 0) === 0), `${at}.split`, "there must be at least one split entry with weight above 0")];
}

function validateHttpRoute(at: string, route: TrafficRoute_Http): readonly Violation[] {
  const { method, path, headers = {} } = route.match ?? {};
  const isEmpty = !method && !path && Object.keys(headers).length === 0;
  const match = isEmpty
    ? [violation(`${at}.match`, 'must be present and contain at least one of the elements: "method", "path" or "headers"')]
    : [
        ...(method ? validateMatcher(`${at}.match.method`, method) : []),
        ...(path ? validateMatcher(`${at}.match.path`, path) : []),
        ...Object.entries(headers).flatMap(([name, matcher]) => [
          ...notEmpty(`${at}.match.headers["${name}"]`, name),
          ...validateMatcher(`${at}.match.headers["${name}"]`, matcher),
        ]),
      ];
  const rewrites = route.modify?.path?.type.case === "rewritePrefix";
  const hasPrefix = path?.matcherType.case === "prefix" && path.matcherType.value !== "";
  return [
    ...match,
    ...when(rewrites && !hasPrefix, `${at}.modify.path.rewritePrefix`, "can only be set when .http.match.path.prefix is not empty"),
    ...(route.modify ? validateModify(`${at}.modify`, route.modify) : []),
    ...validateTargets(at, route),
  ];
}

function validateMatcher(at: string, { matcherType }: StringMatcher): readonly Violation[] {
  if (matcherType.case === undefined) return [violation(at, 'cannot be empty. Available options: "exact", "split" or "regex"')];
  return notEmpty(`${at}.${matcherType.case}`, matcherType.value);
}

function validateModify(at: string, { path, host, requestHeaders, responseHeaders }: TrafficRoute_Http_Modify): readonly Violation[] {
  return [
    ...(path ? validateReplacement(`${at}.path`, path.type, ["rewritePrefix", "regex"]) : []),
    ...(host ? validateReplacement(`${at}.host`, host.type, ["value", "fromPath"]) : []),
    ...validateHeaders(`${at}.requestHeaders`, requestHeaders),
    ...validateHeaders(`${at}.responseHeaders`, responseHeaders),
  ];
}

interface Replacement {
  readonly case: string | undefined;
  readonly value?: string | { readonly pattern: string; readonly substitution: string } | undefined;
}

function validateReplacement(at: string, replacement: Replacement, [plain, regex]: readonly [string, string]): readonly Violation[] {
  const { case: form, value } = replacement;
  if (form === undefined || value === undefined) return [violation(at, `either "${plain}" or "${regex}" has to be set`)];
  if (typeof value === "string") return notEmpty(`${at}.${plain}`, value);
  return [...notEmpty(`${at}.${regex}.pattern`, value.pattern), ...notEmpty(`${at}.${regex}.substitution`, value.substitution)];
}

function validateHeaders(at: string, headers: TrafficRoute_Http_Modify_Headers | undefined): readonly Violation[] {
  const added = (headers?.add ?? []).flatMap((it, index) => [...notEmpty(`${at}.add[${index}].name`, it.name), ...notEmpty(`${at}.add[${index}].value`, it.value)]);
  return [...added, ...(headers?.remove ?? []).flatMap((it, index) => notEmpty(`${at}.remove[${index}].name`, it.name))];
}

function validateLoadBalancer(balancer: TrafficRoute_LoadBalancer | undefined): readonly Violation[] {
  const { lbType } = balancer ?? {};
  if (lbType?.case !== "ringHash") return [];
  return when(!["XX_HASH", "MURMUR_HASH_2"].includes(lbType.value.hashFunction), "conf.loadBalancer.ringHash.hashFunction", "must have a valid hash function");
}
