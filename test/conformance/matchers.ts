// Conformance of matching: which policies select a proxy, in which order, and the rules per inbound that follow.
import { fromRules } from "../../src/mesh/rules/from-rules.ts";
import { matchGatewayPolicies, type GatewayResource } from "../../src/mesh/rules/gateway-matching.ts";
import { inboundRules } from "../../src/mesh/rules/inbound-rules.ts";
import { matchPolicies } from "../../src/mesh/rules/matching.ts";
import type { PolicyResource } from "../../src/mesh/rules/policies.ts";
import { resourceRules } from "../../src/mesh/rules/resource-rules.ts";
import { toRules } from "../../src/mesh/rules/to-rules.ts";
import { displayName } from "#resources";
import { dataplaneOf, document, documents, filesOf, hasData, isJsonObject, labelsOrNone, resourceOf, runCases, targetsOf, type Case, type Labelling, type Outcome } from "./data.ts";
import { byKey, ourInboundRules, ourResourceRules, ourRules, theirInboundRules, theirResourceRules, theirRules } from "./expectations.ts";
import { readFixture } from "./rules.ts";
import { placesOf } from "./topology.ts";

const suffix = ".policies.yaml";

function match(base: string, labelling?: Labelling, dataplaneLabelling?: Labelling) {
  const { kind, policies, resources } = readFixture(`${base}${suffix}`, labelling);
  const dataplane = dataplaneOf(document(`${base}.dataplane.yaml`), dataplaneLabelling);
  const services = base.includes("meshexternalservice") ? documents("matchers/meshexternalservice/01.mes.yaml").map((doc) => resourceOf(doc)) : [];
  const targets = targetsOf([...resources, ...services]);
  return { kind, targets, matched: matchPolicies(kind, policies, dataplane, { targets }) };
}

const cases = (folder: string, check: (base: string, golden: ReturnType<typeof document>) => ReturnType<Case["check"]>): readonly Case[] =>
  filesOf(folder, suffix).map((file) => {
    const base = `${folder}/${file.replace(suffix, "")}`;
    return { folder, name: file.replace(suffix, ""), check: () => check(base, document(`${base}.golden.yaml`)) };
  });

const inKeys = <T>(map: ReadonlyMap<string, T>, read: (value: T) => unknown) => Object.fromEntries([...map].map(([key, value]) => [key, read(value)]));

const theirItems = (golden: ReturnType<typeof document>) =>
  (Array.isArray(golden["items"]) ? golden["items"] : []).filter(isJsonObject).map((it) => [it["kri"], labelsOrNone(it["labels"]), it["spec"]]);

function dataplaneKind(): readonly Case[] {
  return filesOf("matchers/dataplane-kind", suffix).flatMap((file) => {
    const base = `matchers/dataplane-kind/${file.replace(suffix, "")}`;
    return filesOf(base, ".golden.yaml").map((golden) => ({
      folder: base,
      name: golden.replace(".golden.yaml", ""),
      check: () => {
        const places = placesOf(golden.replace(".golden.yaml", ""));
        const { matched } = match(base, places.policies, places.dataplane);
        return {
          actual: matched.all.map((it) => [displayName(it), labelsOrNone(it.labels), it.spec]),
          expected: theirItems(document(`${base}/${golden}`)).map(([kri, ...rest]) => [String(kri).split("_").at(-2), ...rest]),
        };
      },
    }));
  });
}

const others = (): readonly Case[] => [
  ...cases("matchers/dataplanepolicies", (base, golden) => ({
    actual: match(base).matched.all.map((it) => [displayName(it), labelsOrNone(it.labels), it.spec]),
    expected: theirItems(golden).map(([kri, ...rest]) => [String(kri).split("_").at(-2), ...rest]),
  })),
  ...cases("matchers/fromrules", (base, golden) => {
    const { kind, matched } = match(base);
    return {
      actual: { rules: inKeys(matched.byInbound, (it) => ourRules(fromRules(kind, it))), inbound: inKeys(matched.byInbound, (it) => ourInboundRules(inboundRules(kind, it))) },
      expected: { rules: byKey(golden["Rules"], theirRules), inbound: byKey(golden["InboundRules"], theirInboundRules) },
    };
  }),
  ...["matchers/torules", "matchers/meshexternalservice"].flatMap((folder) =>
    cases(folder, (base, golden) => {
      const { kind, matched, targets } = match(base);
      return {
        actual: { rules: ourRules(toRules(kind, matched.all, targets)), resources: ourResourceRules(resourceRules(kind, matched.all, targets), displayName) },
        expected: { rules: theirRules(golden["Rules"]), resources: theirResourceRules(golden["ResourceRules"]) },
      };
    }),
  ),
  ...cases("matchers/meshgateways", (base, golden) => {
    const { kind, policies, resources } = readFixture(`${base}${suffix}`);
    const targets = targetsOf(resources);
    const [gateway] = targets.byKind("MeshGateway");
    if (!gateway) throw new Error(`${base}: no MeshGateway`);
    const matched = matchGatewayPolicies(kind, policies, dataplaneOf(document(`${base}.dataplane.yaml`)), gateway as GatewayResource);
    const rules = (list: readonly PolicyResource[]) => ({ rules: ourRules(toRules(kind, list, targets)), resources: ourResourceRules(resourceRules(kind, list, targets), displayName) });
    const theirs = (value: unknown) => (isJsonObject(value) ? { rules: theirRules(value["Rules"]), resources: theirResourceRules(value["ResourceRules"]) } : undefined);
    const golds = isJsonObject(golden["ToRules"]) ? golden["ToRules"] : {};
    return {
      actual: {
        from: inKeys(matched.byListener, (list) => ourRules(fromRules(kind, list))),
        inbound: inKeys(matched.byListener, (list) => ourInboundRules(inboundRules(kind, list))),
        listeners: inKeys(matched.byListener, rules),
        hostnames: inKeys(matched.byHostname, rules),
      },
      expected: {
        from: byKey(golden["FromRules"], theirRules),
        inbound: byKey(golden["InboundRules"], theirInboundRules),
        listeners: byKey(golds["ByListener"], theirs),
        hostnames: byKey(golds["ByListenerAndHostname"], theirs),
      },
    };
  }),
];

export const matchersCases = (): readonly Case[] => (hasData() ? [...dataplaneKind(), ...others()] : []);
export const runMatchers = (): readonly Outcome[] => runCases(matchersCases());
