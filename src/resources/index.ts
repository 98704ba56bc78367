// What is stored: kinds, resources, identifiers, failures.
export {
  badRequest, conflict, denied, failureOf, invalid, KumaError, notFound, readOnly, unauthenticated, unavailable, violation,
  type Failure, type Violation,
} from "./failure.ts";
export {
  defineFlatKind, defineKind, isProvidedByGlobal, isProvidedByZone, kindsOf,
  type FlatKind, type KdsFlow, type Kind, type Kinds, type PolicyTraits, type SpecKind,
} from "./kind.ts";
export { formatKri, kriOf, parseKri, type Kri } from "./kri.ts";
export { displayName, keyText, label, tag, type Labels, type Resource, type ResourceKey } from "./resource.ts";
