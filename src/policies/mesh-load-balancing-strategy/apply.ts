// MeshLoadBalancingStrategy on Envoy: how a cluster picks a host, by what a request is known again, which zones come first (spec/dataplane.md 6.2).
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Cluster_CommonLbConfigSchema, Cluster_LbPolicy as LbPolicy, Cluster_RingHashLbConfig_HashFunction as HashFunction, ClusterSchema, type Cluster,
} from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { RouteAction_HashPolicySchema, type RouteAction_HashPolicy } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { protoDuration, type Affinity, type Caller, type EnvoyPolicy, type Failover, type Spread } from "#envoy";
import { durationMs } from "#resources";
import type { HashPolicy, LoadBalancingConf } from "./kind.ts";

type LoadBalancer = NonNullable<LoadBalancingConf["loadBalancer"]>;
type Locality = NonNullable<LoadBalancingConf["localityAwareness"]>;
type Tags = NonNullable<NonNullable<Locality["localZone"]>["affinityTags"]>;

export const meshLoadBalancingStrategyApply: EnvoyPolicy = {
  kind: "MeshLoadBalancingStrategy",
  outboundCluster({ message }, conf) {
    if (!conf) return;
    const { loadBalancer, localityAwareness } = conf.value as LoadBalancingConf;
    if (loadBalancer) balance(message, loadBalancer);
    if (!localityAwareness?.localZone?.affinityTags?.length) return;
    message.commonLbConfig ??= create(Cluster_CommonLbConfigSchema);
    message.commonLbConfig.localityConfigSpecifier = create(Cluster_CommonLbConfigSchema, { localityConfigSpecifier: { case: "localityWeightedLbConfig", value: {} } }).localityConfigSpecifier;
  },
  outboundRoute({ message }, conf) {
    if (!conf || message.action.case !== "route") return;
    message.action.value.hashPolicy.push(...hashPoliciesOf(conf.value as LoadBalancingConf).map(hashPolicy));
  },
  spread: ({ value }, caller) => spreadFor((value as LoadBalancingConf).localityAwareness ?? {}, caller),
};

const policies = { RoundRobin: LbPolicy.ROUND_ROBIN, LeastRequest: LbPolicy.LEAST_REQUEST, RingHash: LbPolicy.RING_HASH, Random: LbPolicy.RANDOM, Maglev: LbPolicy.MAGLEV } as const;

function balance(message: Cluster, { type, leastRequest, ringHash, maglev }: LoadBalancer): void {
  message.lbPolicy = policies[type];
  const lbConfig = ((): MessageInitShape<typeof ClusterSchema>["lbConfig"] => {
    if (type === "LeastRequest" && leastRequest) {
      const { choiceCount, activeRequestBias: bias } = leastRequest;
      return { case: "leastRequestLbConfig", value: { ...(choiceCount === undefined ? {} : { choiceCount }), ...(bias === undefined ? {} : { activeRequestBias: { defaultValue: Number(bias) } }) } };
    }
    if (type === "RingHash" && ringHash) {
      const { hashFunction, minRingSize, maxRingSize } = ringHash;
      return {
        case: "ringHashLbConfig",
        value: {
          hashFunction: hashFunction === "MurmurHash2" ? HashFunction.MURMUR_HASH_2 : HashFunction.XX_HASH,
          ...(minRingSize === undefined ? {} : { minimumRingSize: BigInt(minRingSize) }), ...(maxRingSize === undefined ? {} : { maximumRingSize: BigInt(maxRingSize) }),
        },
      };
    }
    if (type === "Maglev" && maglev) return { case: "maglevLbConfig", value: maglev.tableSize === undefined ? {} : { tableSize: BigInt(maglev.tableSize) } };
    return undefined;
  })();
  if (lbConfig) message.lbConfig = create(ClusterSchema, { lbConfig }).lbConfig;
}

/** The older place of hash policies is inside the balancer that uses them. */
function hashPoliciesOf({ hashPolicies, loadBalancer }: LoadBalancingConf): readonly HashPolicy[] {
  if (hashPolicies) return hashPolicies;
  if (loadBalancer?.type === "RingHash") return loadBalancer.ringHash?.hashPolicies ?? [];
  return (loadBalancer?.type === "Maglev" && loadBalancer.maglev?.hashPolicies) || [];
}

function hashPolicy({ type, terminal = false, header, cookie, connection, queryParameter, filterState }: HashPolicy): RouteAction_HashPolicy {
  const specifier = ((): MessageInitShape<typeof RouteAction_HashPolicySchema>["policySpecifier"] => {
    if (type === "Header" && header) return { case: "header", value: { headerName: header.name } };
    if (type === "Cookie" && cookie) {
      return { case: "cookie", value: { name: cookie.name, path: cookie.path ?? "", ...(cookie.ttl === undefined ? {} : { ttl: protoDuration(durationMs(cookie.ttl) ?? 0) }) } };
    }
    if (type === "Connection" && connection) return { case: "connectionProperties", value: { sourceIp: connection.sourceIP ?? false } };
    if (type === "QueryParameter" && queryParameter) return { case: "queryParameter", value: { name: queryParameter.name } };
    if (type === "FilterState" && filterState) return { case: "filterState", value: { key: filterState.key } };
    return undefined;
  })();
  return create(RouteAction_HashPolicySchema, { terminal, ...(specifier ? { policySpecifier: specifier } : {}) });
}

/** Once zones or tags are spoken of, only zones that are named for failover are called besides the own one. */
function spreadFor({ disabled, localZone, crossZone }: Locality, caller: Caller): Spread {
  const prefersLocalZone = disabled !== true;
  if (!localZone && !crossZone) return { prefersLocalZone };
  const percentage = crossZone?.failoverThreshold?.percentage;
  return {
    prefersLocalZone,
    localities: {
      affinities: affinitiesOf(localZone?.affinityTags ?? [], caller),
      labels: (localZone?.affinityTags ?? []).map((it) => it.key),
      failover: (crossZone?.failover ?? []).map(({ from, to }): Failover => (from && !from.zones.includes(caller.zone) ? { to: "None", zones: [] } : { to: to.type, zones: to.zones ?? [] })),
      // The next priority takes over when fewer than 100 / factor of the hosts are healthy.
      overprovisioningFactor: percentage === undefined ? 200 : Math.trunc(100 / Number(percentage)) * 100,
    },
  };
}

const maxWeight = 2 ** 32 - 1;

/** Without weights each tag gets ten times the share of the next. */
function affinitiesOf(tags: Tags, caller: Caller): readonly Affinity[] {
  return tags.flatMap(({ key, weight }, at) => {
    const value = caller.tag(key);
    return value === undefined ? [] : [{ key, value, weight: weight ?? Math.min(9 * 10 ** (tags.length - at - 1), maxWeight) }];
  });
}
