// MeshLoadBalancingStrategy: which host of a destination gets the next request, near ones first.
import { definePolicyKind, durationField, intOrString, targetRef, uint32Field } from "#resources";
import { z } from "zod";
import { loadBalancingDeprecations, validateMeshLoadBalancingStrategy } from "./validate.ts";

const named = z.object({ name: z.string().min(1) }).optional();
const hashPolicy = z.object({
  type: z.enum(["Header", "Cookie", "Connection", "SourceIP", "QueryParameter", "FilterState"]),
  terminal: z.boolean().optional(),
  header: named,
  cookie: z.object({ name: z.string().min(1), ttl: durationField.optional(), path: z.string().optional() }).optional(),
  connection: z.object({ sourceIP: z.boolean().optional() }).optional(),
  queryParameter: named,
  filterState: z.object({ key: z.string().min(1) }).optional(),
});
export type HashPolicy = z.infer<typeof hashPolicy>;

const hashPolicies = z.array(hashPolicy).optional();
const ringSize = z.int().min(1).max(8_000_000).optional();
const conf = z.object({
  localityAwareness: z
    .object({
      disabled: z.boolean().optional(),
      localZone: z.object({ affinityTags: z.array(z.object({ key: z.string(), weight: uint32Field.optional() })).optional() }).optional(),
      crossZone: z
        .object({
          failover: z
            .array(
              z.object({
                from: z.object({ zones: z.array(z.string()) }).optional(),
                to: z.object({ type: z.enum(["None", "Only", "Any", "AnyExcept"]), zones: z.array(z.string()).optional() }),
              }),
            )
            .optional(),
          failoverThreshold: z.object({ percentage: intOrString }).optional(),
        })
        .optional(),
    })
    .optional(),
  loadBalancer: z
    .object({
      type: z.enum(["RoundRobin", "LeastRequest", "RingHash", "Random", "Maglev"]),
      roundRobin: z.object({}).optional(),
      leastRequest: z.object({ choiceCount: z.int().min(2).optional(), activeRequestBias: intOrString.optional() }).optional(),
      ringHash: z
        .object({ hashFunction: z.enum(["XXHash", "MurmurHash2"]).optional(), minRingSize: ringSize, maxRingSize: ringSize, hashPolicies })
        .optional(),
      random: z.object({}).optional(),
      maglev: z.object({ tableSize: z.int().min(1).max(5_000_011).optional(), hashPolicies }).optional(),
    })
    .optional(),
  hashPolicies,
});
export type LoadBalancingConf = z.infer<typeof conf>;

const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(z.object({ targetRef, default: conf.prefault({}) })).optional(),
});
export type MeshLoadBalancingStrategySpec = z.infer<typeof spec>;

export const meshLoadBalancingStrategy = definePolicyKind({
  name: "MeshLoadBalancingStrategy",
  shortName: "mlbs",
  order: 400,
  sections: ["to"],
  spec,
  validate: validateMeshLoadBalancingStrategy,
  deprecations: ({ spec: { to } }) => loadBalancingDeprecations(to ?? []),
});
