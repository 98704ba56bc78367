// Legacy rules of an inbound from the `from` items of policies: by the tags of the client, with negations.
import { itemsOf, memoOnPolicies } from "./policies.ts";
import { combinedRules, tagsOf, type Rule, type SubsetItem } from "./subsets.ts";

/** `policies` are those selected for the inbound, in order. */
export const fromRules = memoOnPolicies((kind, policies): readonly Rule[] => {
  const items = itemsOf(kind, policies, "from").flatMap(({ policy, targetRef, conf }): SubsetItem[] => {
    const tags = tagsOf(targetRef);
    return tags ? [{ policy, tags, conf }] : [];
  });
  return combinedRules(kind, items);
});
