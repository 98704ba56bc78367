// Sources, destinations and selectors of the older policies: which tags each may name.
import { violation, type Violation } from "../../failure.ts";
import { tag } from "../../resource.ts";
import { hasService, missingService, validateSelector, type Tags } from "../field-rules.ts";

export interface Selecting {
  readonly match: Tags;
}
export interface Connecting {
  readonly sources: readonly Selecting[];
  readonly destinations: readonly Selecting[];
}

/** Tags under `field` with the service among them, unless any tag will do. */
export function validateMatch(field: string, tags: Tags, needsService = true): readonly Violation[] {
  return [...validateSelector(field, tags), ...(needsService && !hasService(tags) ? [missingService(field)] : [])];
}

/** A list of selectors; the list itself may be empty only where `isOptional` says so. */
export function validateSelectors(field: string, selectors: readonly Selecting[], { needsService = true, isOptional = false } = {}): readonly Violation[] {
  if (selectors.length === 0) return isOptional ? [] : [violation(field, "must have at least one element")];
  return selectors.flatMap((it, index) => validateMatch(`${field}[${index}].match`, it.match, needsService));
}

/** Policies of outgoing traffic: sources with a service, destinations with nothing but the service. */
export function validateOutgoing({ sources, destinations }: Connecting): readonly Violation[] {
  const toServices = destinations.flatMap((it, index) => validateOnlyService(`destinations[${index}].match`, it.match));
  return [...validateSelectors("sources", sources), ...(destinations.length === 0 ? validateSelectors("destinations", destinations) : toServices)];
}

/** Policies of incoming traffic: any tags on both sides. */
export function validateIncoming({ sources, destinations }: Connecting): readonly Violation[] {
  return [...validateSelectors("sources", sources, { needsService: false }), ...validateSelectors("destinations", destinations, { needsService: false })];
}

function validateOnlyService(field: string, tags: Tags): readonly Violation[] {
  const others = Object.keys(tags).filter((key) => key !== tag.service).toSorted();
  const isEmpty = Object.keys(tags).length === 0;
  if (others.length === 0 && !isEmpty) return validateMatch(field, tags);
  return [
    ...(isEmpty ? [] : validateSelector(field, tags)),
    violation(field, `must consist of exactly one tag "${tag.service}"`),
    ...others.map((key) => violation(`${field}["${key}"]`, `tag "${key}" is not allowed`)),
    ...(hasService(tags) ? [] : [missingService(field)]),
  ];
}
