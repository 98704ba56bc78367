// Merging MeshHTTPRoute confs: rules with equal matches become one, confs of different hostnames stay apart (spec/api.md 1.12).
import { mergeConfs } from "#resources";
import type { HttpRule, HttpRuleConf } from "./kind.ts";

/** One `to` item without its reference. */
export interface HttpRouteConf {
  readonly hostnames?: readonly string[] | undefined;
  readonly rules: readonly HttpRule[];
}

/** One conf per hostname, in the order in which hostnames appear; routes without hostnames form a group of their own. */
export function mergeHttpRoutes(confs: readonly unknown[]): readonly HttpRouteConf[] {
  const groups = new Map<string | undefined, HttpRouteConf[]>();
  for (const conf of confs.filter(isRouteConf)) {
    for (const hostname of conf.hostnames?.length ? conf.hostnames : [undefined]) groups.set(hostname, [...(groups.get(hostname) ?? []), conf]);
  }
  return [...groups].map(([hostname, members]) => ({ ...(hostname === undefined ? {} : { hostnames: [hostname] }), rules: mergeRules(members) }));
}

const isRouteConf = (conf: unknown): conf is HttpRouteConf => typeof conf === "object" && conf !== null && "rules" in conf;

/**
 * Rules of later confs come first, and within one conf the first rule has precedence: each conf is read backwards, a rule takes the place of
 * its last occurrence, and the result is turned around.
 */
function mergeRules(confs: readonly HttpRouteConf[]): readonly HttpRule[] {
  const byMatches = new Map<string, { readonly matches: HttpRule["matches"]; readonly confs: readonly HttpRuleConf[] }>();
  for (const rule of confs.flatMap((conf) => conf.rules.toReversed())) {
    const key = JSON.stringify(rule.matches);
    const earlier = byMatches.get(key)?.confs ?? [];
    byMatches.delete(key);
    byMatches.set(key, { matches: rule.matches, confs: [...earlier, rule.default] });
  }
  return [...byMatches.values()].reverse().map((group) => ({ matches: group.matches, default: mergeRuleConfs(group.confs) }));
}

// The merge of checked confs is a checked conf: objects merge field by field, arrays are replaced whole.
const mergeRuleConfs = (confs: readonly HttpRuleConf[]): HttpRuleConf => mergeConfs(confs) as HttpRuleConf;
