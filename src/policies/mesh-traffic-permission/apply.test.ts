// Who gets past the RBAC filter that permissions become.
import { expect, test } from "vitest";
import { fromBinary } from "@bufbuild/protobuf";
import { ActionSchema, RBAC_Action as Action } from "#gen/envoy/config/rbac/v3/rbac_pb.js";
import { RBACSchema } from "#gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.js";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import type { Matcher, Matcher_OnMatch } from "#gen/xds/type/matcher/v3/matcher_pb.js";
import { create } from "@bufbuild/protobuf";
import { messageOf, type ChainDraft } from "#envoy";
import type { PolicyResource } from "#mesh";
import { meshTrafficPermissionApply } from "./apply.ts";
import type { TrafficPermissionRule } from "./kind.ts";

const policy: PolicyResource = { type: "MeshTrafficPermission", mesh: "m", name: "p", labels: {}, spec: {}, creationTime: 0, modificationTime: 0, version: 1 };
const client = { spiffeID: { type: "Exact" as const, value: "spiffe://m/client" } };

function matcherFor(...confs: readonly TrafficPermissionRule[]): Matcher {
  const chain: ChainDraft = { match: undefined, name: "", tls: undefined, networkFilters: [], terminal: { is: "none" } };
  const rules = confs.map((conf) => ({ match: undefined, conf, origin: { resource: policy, ruleIndex: 0 } }));
  const inbound = { index: 0, address: "", port: 1, workloadAddress: "", workloadPort: 1, section: "1", protocol: "tcp" as const, tags: {}, service: "" };
  const listener = { message: create(ListenerSchema, {}), chains: [chain], needsTlsInspector: false };
  meshTrafficPermissionApply.inboundTlsChain?.(chain, listener, { rules, fromRules: [] }, { inbound, mesh: "m", listenerName: "l", dataplaneKri: "", hasIdentity: false });
  const [filter] = chain.networkFilters;
  const matcher = filter && messageOf(filter, RBACSchema)?.matcher;
  if (!matcher) throw new Error("no matcher");
  return matcher;
}

function decision(onMatch: Matcher_OnMatch | undefined): string {
  const config = onMatch?.onMatch.case === "action" ? onMatch.onMatch.value.typedConfig : undefined;
  if (!config) return "none";
  const { action, name } = fromBinary(ActionSchema, config.value);
  return `${action === Action.ALLOW ? "allow" : "deny"} ${name}`;
}

const entries = (matcher: Matcher): readonly string[] => (matcher.matcherType.case === "matcherList" ? matcher.matcherType.value.matchers.map((it) => decision(it.onMatch)) : []);

test("denials are asked before permissions, and the rest is denied", () => {
  const matcher = matcherFor({ allow: [client] }, { deny: [client] });
  expect(entries(matcher)).toEqual(["deny kri_mtp_m___p_", "allow kri_mtp_m___p_"]);
  expect(decision(matcher.onNoMatch)).toBe("deny default");
});

test("an empty match allows nobody", () => {
  const matcher = matcherFor({ allow: [{}], allowWithShadowDeny: [{}] });
  expect(entries(matcher)).toEqual([]);
  expect(decision(matcher.onNoMatch)).toBe("deny default");
});

test("an empty match beside a real one adds nothing to it", () => {
  expect(matcherFor({ allow: [{}, client] })).toEqual(matcherFor({ allow: [client] }));
});

test("an empty match in a denial denies everybody, whoever is allowed", () => {
  const matcher = matcherFor({ allow: [client] }, { deny: [{}] });
  expect(entries(matcher)).toEqual([]);
  expect(decision(matcher.onNoMatch)).toBe("deny kri_mtp_m___p_");
});

test("rules that say nothing deny everybody", () => {
  expect(entries(matcherFor({}))).toEqual([]);
});
