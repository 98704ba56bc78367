// The comparable form of rules: ours and the reference's, reduced to what both say.
import type { InboundRule } from "../../src/mesh/rules/inbound-rules.ts";
import type { ResourceRules } from "../../src/mesh/rules/resource-rules.ts";
import type { Rule } from "../../src/mesh/rules/subsets.ts";
import { isJsonObject, kriText, labelsOrNone } from "./data.ts";
import type { Resource } from "#resources";

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (isJsonObject(value) ? value : {});
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);

export const ourRules = (rules: readonly Rule[]) =>
  rules.map((rule) => ({ conf: rule.conf, origin: rule.origin.map((it) => kriText(it)), subset: rule.subset.map((it) => [it.key, it.not, it.value]) }));

export const theirRules = (rules: unknown) =>
  list(rules).map((rule) => ({
    conf: rule["Conf"],
    origin: list(rule["Origin"]).map((it) => it["kri"]),
    subset: list(rule["Subset"]).map((it) => [it["Key"], it["Not"], it["Value"]]),
  }));

export const ourInboundRules = (rules: readonly InboundRule[]) =>
  rules.map((rule) => ({ conf: rule.conf, match: rule.match ?? null, origin: [kriText(rule.origin.resource), rule.origin.ruleIndex] }));

export const theirInboundRules = (rules: unknown) =>
  list(rules).map((rule) => {
    const origin = fields(rule["origin"]);
    return { conf: rule["conf"], match: rule["match"], origin: [fields(origin["Resource"])["kri"], origin["RuleIndex"]] };
  });

export const byKey = <T>(value: unknown, read: (item: unknown) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(fields(value)).map(([key, item]) => [key, read(item)]));

export type NameOf = (resource: Resource) => string;

export const ourResourceRules = (rules: ResourceRules, nameOf: NameOf) =>
  Object.fromEntries(
    [...rules.values()].map((rule) => [
      kriText(rule.resource, rule.section),
      {
        conf: rule.conf,
        section: rule.section,
        resource: [nameOf(rule.resource), labelsOrNone(rule.resource.labels)],
        origin: rule.origin.map((it) => [nameOf(it.resource), labelsOrNone(it.resource.labels), it.ruleIndex]),
      },
    ]),
  );

export const theirResourceRules = (rules: unknown) =>
  byKey(rules, (item) => {
    const rule = fields(item);
    return {
      conf: rule["Conf"],
      section: rule["ResourceSectionName"],
      resource: identity(rule["Resource"]),
      origin: list(rule["Origin"]).map((it) => [...identity(it["Resource"]), it["RuleIndex"]]),
    };
  });

/** Metadata of a resource is printed in one of two forms. */
function identity(resource: unknown): readonly unknown[] {
  const meta = fields(resource);
  return [meta["name"] ?? meta["Name"], labelsOrNone(meta["labels"] ?? meta["Labels"])];
}
