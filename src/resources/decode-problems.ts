// What the reference's schema lets pass and its decoder refuses: told in the decoder's words, which name a Go structure.
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

export const isDecodeError = (issue: Issue): boolean => issue.code === "custom" && issue.params?.["isDecodeError"] === true;

export function decodeProblem(issue: Issue): string {
  const goType: unknown = issue.code === "custom" ? issue.params?.["goType"] : undefined;
  if (typeof goType !== "string") return issue.message;
  const fields = issue.path.filter((part) => typeof part === "string");
  const owner = fields.at(-2) ?? "";
  return `${issue.message} ${structures.get(owner) ?? `${owner.slice(0, 1).toUpperCase()}${owner.slice(1)}`}.${fields.join(".")} of type ${goType}`;
}

/** Structures that are not called like the field that holds them. */
const structures: ReadonlyMap<string, string> = new Map([
  ["affinityTags", "AffinityTag"], ["applications", "Application"], ["appendMatch", "Match"], ["backendRefs", "BackendRef"], ["prometheus", "PrometheusBackend"],
  ["connectionRate", "Rate"], ["requestRate", "Rate"], ["grpc", "GRPC"], ["http", "HTTP"], ["tcp", "TCP"],
  ["failurePercentage", "DetectorFailurePercentageFailures"], ["gatewayFailures", "DetectorGatewayFailures"], ["localOriginFailures", "DetectorLocalOriginFailures"],
  ["successRate", "DetectorSuccessRateFailures"], ["totalFailures", "DetectorTotalFailures"],
]);
