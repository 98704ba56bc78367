// What a MeshLoadBalancingStrategy must satisfy beyond its schema (spec/api.md 1.11).
import { decimalOf, eachItem, percentDecimal, topKinds, validateTargetRef, violation, type Resource, type TargetRef, type TargetRefKind, type Violation } from "#resources";
import type { HashPolicy, LoadBalancingConf, MeshLoadBalancingStrategySpec } from "./kind.ts";

type Locality = NonNullable<LoadBalancingConf["localityAwareness"]>;
type LoadBalancer = NonNullable<LoadBalancingConf["loadBalancer"]>;
type CrossZone = NonNullable<Locality["crossZone"]>;

export function validateMeshLoadBalancingStrategy(spec: MeshLoadBalancingStrategySpec, resource: Resource): Violation[] {
  const isGateway = spec.targetRef?.kind === "MeshGateway";
  const kinds: readonly TargetRefKind[] = ["Mesh", "MeshService", "MeshMultiZoneService", ...(isGateway ? [] : (["MeshHTTPRoute"] as const))];
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "always" }), gatewayTags: true }),
    ...eachItem("spec.to", spec.to, (path, { targetRef, default: conf }) => [
      ...(isGateway && conf.loadBalancer && targetRef.kind !== "Mesh"
        ? [violation(`${path}.targetRef.kind`, "value 'MeshGateway' is not supported, only Mesh is allowed if loadBalancer is set")]
        : validateTargetRef(`${path}.targetRef`, targetRef, { kinds })),
      ...validateConf(`${path}.default`, targetRef, conf),
    ]),
  ];
}

function validateConf(path: string, targetRef: TargetRef, conf: LoadBalancingConf): Violation[] {
  const { hashPolicies, loadBalancer, localityAwareness } = conf;
  const onRoots = eachItem(`${path}.hashPolicies`, hashPolicies, validateHashPolicy);
  if (targetRef.kind === "MeshHTTPRoute") {
    const refused = (["loadBalancer", "localityAwareness"] as const).filter((field) => conf[field]);
    return [
      ...onRoots,
      ...refused.map((field) => violation(`${path}.${field}`, "field is not allowed when targetRef.kind is MeshHTTPRoute, only hashPolicies is supported")),
    ];
  }
  return [
    ...(localityAwareness ? validateLocality(`${path}.localityAwareness`, localityAwareness, targetRef) : []),
    ...onRoots,
    ...(loadBalancer ? validateLoadBalancer(`${path}.loadBalancer`, loadBalancer, hashPolicies !== undefined) : []),
  ];
}

function validateLoadBalancer(path: string, { type, leastRequest, ringHash, maglev }: LoadBalancer, hasRootPolicies: boolean): Violation[] {
  if (type === "LeastRequest") {
    const bias = leastRequest?.activeRequestBias;
    const number = bias === undefined ? 0 : decimalOf(bias);
    const field = `${path}.leastRequest.activeRequestBias`;
    if (number === undefined) return [violation(field, "string must be a valid number")];
    return number < 0 ? [violation(field, "must be greater or equal then: 0")] : [];
  }
  if (type !== "RingHash" && type !== "Maglev") return [];
  const field = type === "RingHash" ? `${path}.ringHash.hashPolicies` : `${path}.maglev.hashPolicies`;
  const policies = type === "RingHash" ? ringHash?.hashPolicies : maglev?.hashPolicies;
  return [
    ...eachItem(field, policies, validateHashPolicy),
    ...(policies && hasRootPolicies ? [violation(field, "hashPolicies already specified in the root level")] : []),
  ];
}

function validateHashPolicy(path: string, policy: HashPolicy): Violation[] {
  const fields = { Header: "header", Cookie: "cookie", Connection: "connection", SourceIP: "connection", QueryParameter: "queryParameter", FilterState: "filterState" } as const;
  const field = fields[policy.type];
  if (!policy[field]) return [violation(`${path}.${field}`, "must be defined")];
  const { cookie } = policy;
  return policy.type === "Cookie" && cookie?.path && !cookie.path.startsWith("/") ? [violation(`${path}.cookie.path`, "must be an absolute path")] : [];
}

function validateLocality(path: string, { localZone, crossZone }: Locality, targetRef: TargetRef): Violation[] {
  const tags = localZone?.affinityTags ?? [];
  const weighted = tags.filter((it) => it.weight !== undefined).length;
  const isLocal = targetRef.kind === "MeshService" && (targetRef.sectionName || Object.keys(targetRef.labels ?? {}).length > 0);
  return [
    ...eachItem(`${path}.localZone.affinityTags`, tags, (field, { key, weight }) => [
      ...(key ? [] : [violation(`${field}.key`, "must not be empty")]),
      ...(weight === 0 ? [violation(`${field}.weight`, "must be greater than 0")] : []),
    ]),
    ...(weighted > 0 && weighted < tags.length ? [violation(`${path}.localZone.affinityTags`, "all or none affinity tags should have weight")] : []),
    ...(crossZone && isLocal ? [violation(`${path}.crossZone`, "must not be set: MeshService traffic is local")] : []),
    ...(crossZone ? validateCrossZone(`${path}.crossZone`, crossZone) : []),
  ];
}

function validateCrossZone(path: string, { failover, failoverThreshold }: CrossZone): Violation[] {
  const field = `${path}.failoverThreshold.percentage`;
  const isZero = failoverThreshold !== undefined && decimalOf(failoverThreshold.percentage) === 0;
  return [
    ...eachItem(`${path}.failover`, failover, (it, { from, to }) => [
      ...(from?.zones.length === 0 ? [violation(`${it}.from.zones`, "must not be empty")] : []),
      ...eachItem(`${it}.from.zones`, from?.zones, (zoneField, zone) => (zone ? [] : [violation(zoneField, "must not be empty")])),
      ...validateFailoverZones(`${it}.to.zones`, to.type, to.zones ?? []),
    ]),
    ...(isZero ? [violation(field, "must be greater than 0")] : percentDecimal(field, failoverThreshold?.percentage)),
  ];
}

function validateFailoverZones(field: string, type: "None" | "Only" | "Any" | "AnyExcept", zones: readonly string[]): Violation[] {
  const isForAll = type === "Any" || type === "None";
  if (isForAll && zones.length > 0) return [violation(field, `must be empty when type is ${type}`)];
  return !isForAll && zones.length === 0 ? [violation(field, `must not be empty when type is ${type}`)] : [];
}

export function loadBalancingDeprecations(to: readonly { readonly default: LoadBalancingConf }[]): readonly string[] {
  return to.flatMap(({ default: { loadBalancer, hashPolicies } }, index) => {
    const root = `spec.to[${index}].default.hashPolicies`;
    const nested = (["ringHash", "maglev"] as const).flatMap((balancer) => {
      const policies = loadBalancer?.[balancer]?.hashPolicies;
      const field = `spec.to[${index}].default.loadBalancer.${balancer}.hashPolicies`;
      return policies ? [`configuration '${field}' is deprecated, use '${root}' instead`, ...sourceIpDeprecations(field, policies)] : [];
    });
    return [...nested, ...sourceIpDeprecations(root, hashPolicies ?? [])];
  });
}

const sourceIpDeprecations = (field: string, policies: readonly HashPolicy[]): readonly string[] =>
  policies.flatMap(({ type }, index) => (type === "SourceIP" ? [`SourceIP type for '${field}[${index}].type' is deprecated, use Connection instead`] : []));
