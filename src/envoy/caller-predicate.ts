// Whether a connection is from a caller: by the name in its certificate and the name it asked for.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ServerNameInputSchema } from "#gen/envoy/extensions/matching/common_inputs/network/v3/network_inputs_pb.js";
import { UriSanInputSchema } from "#gen/envoy/extensions/matching/common_inputs/ssl/v3/ssl_inputs_pb.js";
import type { Matcher_MatcherList_PredicateSchema as PredicateSchema } from "#gen/xds/type/matcher/v3/matcher_pb.js";
import type { PolicyMatch } from "#resources";
import { packNew } from "./any.ts";

export type CallerPredicate = MessageInitShape<typeof PredicateSchema>;

export function callerPredicate({ spiffeID, sni }: PolicyMatch): CallerPredicate {
  const parts: CallerPredicate[] = [];
  if (spiffeID) parts.push(single("uri_san", packNew(UriSanInputSchema, {}), spiffeID.type === "Prefix" ? "prefix" : "exact", spiffeID.value));
  if (sni) parts.push(single("server_name", packNew(ServerNameInputSchema, {}), "exact", sni.value));
  const [only] = parts;
  return parts.length === 1 && only ? only : { matchType: { case: "andMatcher", value: { predicate: parts } } };
}

function single(input: string, typedConfig: ReturnType<typeof packNew>, pattern: "exact" | "prefix", value: string): CallerPredicate {
  return {
    matchType: {
      case: "singlePredicate",
      value: { input: { name: `envoy.matching.inputs.${input}`, typedConfig }, matcher: { case: "valueMatch", value: { matchPattern: { case: pattern, value } } } },
    },
  };
}
