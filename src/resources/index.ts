// What is stored: kinds, resources, identifiers, failures.
export {
  badRequest, conflict, denied, failureOf, invalid, KumaError, notFound, readOnly, unauthenticated, unavailable, violation, whileTrying,
  type Failure, type Violation,
} from "./failure.ts";
export {
  defineFlatKind, defineKind, isProvidedByGlobal, isProvidedByZone, kindsOf,
  type FlatKind, type KdsFlow, type Kind, type Kinds, type PolicyTraits, type SpecKind,
} from "./kind.ts";
export { formatKri, kriOf, parseKri, type Kri } from "./kri.ts";
export { resourceCompactor } from "./compact.ts";
export { displayName, keyText, label, tag, type Labels, type Place, type Resource, type ResourceKey, type Unstored } from "./resource.ts";
export { computeLabels, validateLabels, validateOrigin, validateUnchanged } from "./labels.ts";
export { hashedName, isSubdomain, subdomainText, validateMeshName, validateName } from "./names.ts";
export { deprecationsOf, parseDocument, readDocument, validateAgainstUrl, validateFlatSpec, validateMeta, validateResource, type ParsedDocument } from "./parse.ts";
export { printFields, printKubernetes, printMeta, printResource, printSpec, printTime, type Json } from "./print.ts";
export { flatProblem, isObject, readFlat, withSeconds, writeFlat, type AnyTypes } from "./flat-json.ts";
export { whatIsForbidden } from "./bounds.ts";
export { yamlSchema } from "./yaml.ts";
export { sniOf, snisOf, type DestinationPort } from "./sni.ts";
// policies
export {
  backendRef, includesGateways, targetRef, targetRefKinds, validateBackendRefs, validateTargetRef, wholeMesh,
  type BackendRef, type TargetRef, type TargetRefKind, type TargetRefRules,
} from "./target-ref.ts";
export {
  conditionsStatus, decimalOf, durationField, durationMs, headerMatch, headerModifier, headerName, headerValues, hostnameField, int32Field, intOrString,
  portField, uint32Field, wholeNumber, type HeaderMatch, type HeaderModifier, type HeaderValue, type IntOrString,
} from "./policy-schema.ts";
export { policyMatch, sniMatch, spiffeMatch, spiffeProblem, validateMatches, validateMatchesIfSet, type PolicyMatch } from "./policy-match.ts";
export {
  eachItem, nonNegativeDuration, percentDecimal, percentInt, positiveCount, positiveDecimal, positiveDuration, requiredPositiveDuration, validateSections,
} from "./policy-checks.ts";
export { definePolicyKind, fromDeprecation, topKinds, type PolicyDeclaration, type PolicyItem, type PolicySpec, type TopKinds } from "./policy-kind.ts";
export { mergeConfs } from "./merge-confs.ts";
export { otelBackendRef, otelDeprecation, validateOtelBackend, type OtelBackend } from "./otel-endpoint.ts";
