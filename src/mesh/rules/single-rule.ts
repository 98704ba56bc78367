// Rules of policies with one `default` (MeshMetric, MeshTrace, MeshPassthrough, MeshProxyPatch): all of them merged.
import { mergeByKind } from "./merge.ts";
import { memoOnPolicies, type PolicyResource } from "./policies.ts";

export interface SingleRule {
  readonly conf: unknown;
  readonly origin: readonly PolicyResource[];
}

/** Undefined when no policy is there. */
export const singleRule = memoOnPolicies((kind, policies): SingleRule | undefined => {
  if (policies.length === 0) return undefined;
  const [conf] = mergeByKind(kind, policies.map(defaultOf));
  return { conf, origin: policies };
});

const defaultOf = ({ spec }: PolicyResource): unknown => ("default" in spec ? spec.default : {});
