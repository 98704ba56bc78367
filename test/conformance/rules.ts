// Conformance of rules: policies in, merged rules out.
import { fromRules } from "../../src/mesh/rules/from-rules.ts";
import { inboundRules } from "../../src/mesh/rules/inbound-rules.ts";
import { internPolicies, type PolicyResource } from "../../src/mesh/rules/policies.ts";
import { resourceRules } from "../../src/mesh/rules/resource-rules.ts";
import { toRules } from "../../src/mesh/rules/to-rules.ts";
import { orderPolicies } from "../../src/mesh/rules/order.ts";
import type { Kind, Resource } from "#resources";
import { policyKinds } from "#policies/kinds";
import { document, documents, filesOf, hasData, ofKind, resourceOf, runCases, targetsOf, type Case, type Labelling, type Outcome } from "./data.ts";
import { byKey, ourInboundRules, ourResourceRules, ourRules, theirInboundRules, theirResourceRules, theirRules } from "./expectations.ts";
import { topologyOf } from "./topology.ts";

interface Fixture {
  readonly kind: Kind;
  readonly policies: readonly PolicyResource[];
  readonly resources: readonly Resource[];
}

/** Routes beside other policies are what these refer to; alone they are the policies under test. */
export function readFixture(file: string, labelling?: Labelling): Fixture {
  const resources = documents(file).map((doc) => resourceOf(doc, labelling));
  const present = policyKinds.filter((kind) => resources.some((it) => it.type === kind.name));
  const kind = present.find((it) => it.name !== "MeshHTTPRoute") ?? present[0];
  if (!kind) throw new Error(`${file}: no policy of a known kind`);
  return { kind, resources, policies: internPolicies(ofKind(resources, kind)) };
}

function legacyFrom(): readonly Case[] {
  const folder = "rules/legacy/from";
  return filesOf(folder, ".input.yaml").map((file) => ({
    folder,
    name: file.replace(".input.yaml", ""),
    check: () => {
      const { kind, policies } = readFixture(`${folder}/${file}`);
      const golden = document(`${folder}/${file.replace("input", "golden")}`);
      return {
        actual: { rules: { "127.0.0.1:80": ourRules(fromRules(kind, policies)) }, inbound: { "127.0.0.1:80": ourInboundRules(inboundRules(kind, policies)) } },
        expected: { rules: byKey(golden["Rules"], theirRules), inbound: byKey(golden["InboundRules"], theirInboundRules) },
      };
    },
  }));
}

function legacyTo(): readonly Case[] {
  const folder = "rules/legacy/to";
  return filesOf(folder, ".input.yaml").map((file) => ({
    folder,
    name: file.replace(".input.yaml", ""),
    check: () => {
      const { kind, policies, resources } = readFixture(`${folder}/${file}`);
      return { actual: ourRules(toRules(kind, policies, targetsOf(resources))), expected: theirRules(document(`${folder}/${file.replace("input", "golden")}`)["Rules"]) };
    },
  }));
}

function byResource(): readonly Case[] {
  return filesOf("rules/resource", ".input.yaml").flatMap((file) => {
    const folder = `rules/resource/${file.replace(".input.yaml", "")}`;
    return filesOf(folder, ".golden.yaml").map((golden) => ({
      folder,
      name: golden.replace(".golden.yaml", ""),
      check: () => {
        const { labelling, nameOf } = topologyOf(golden.replace(".golden.yaml", ""));
        const { kind, policies, resources } = readFixture(`rules/resource/${file}`, labelling);
        const rules = resourceRules(kind, internPolicies(orderPolicies(policies)), targetsOf(resources));
        return { actual: ourResourceRules(rules, nameOf), expected: theirResourceRules(document(`${folder}/${golden}`)) };
      },
    }));
  });
}

export const rulesCases = (): readonly Case[] => (hasData() ? [...legacyFrom(), ...legacyTo(), ...byResource()] : []);
export const runRules = (): readonly Outcome[] => runCases(rulesCases());
