// What a MeshRetry must satisfy beyond its schema (spec/api.md 1.11).
import {
  eachItem, positiveCount, requiredPositiveDuration, topKinds, validateTargetRef, violation, type Resource, type TargetRefKind, type Violation,
} from "#resources";
import type { MeshRetrySpec, RetryConf } from "./kind.ts";

type Http = NonNullable<RetryConf["http"]>;
type Grpc = NonNullable<RetryConf["grpc"]>;

const allTo: readonly TargetRefKind[] = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"];
const narrowTo: readonly TargetRefKind[] = ["Mesh", "MeshExternalService"];

/** Conditions under which an HTTP request is retried, besides status codes. */
export const httpRetryConditions: readonly string[] = [
  "5xx", "GatewayError", "Reset", "Retriable4xx", "ConnectFailure", "EnvoyRatelimited", "RefusedStream", "Http3PostConnectFailure",
  ...["Connect", "Delete", "Get", "Head", "Options", "Patch", "Post", "Put", "Trace"].map((method) => `HttpMethod${method}`),
];

/** Status codes with a registered meaning; others are refused. */
const statusCodes: ReadonlySet<string> = new Set(
  [
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
    409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
  ].map(String),
);

export function validateMeshRetry(spec: MeshRetrySpec, resource: Resource): Violation[] {
  const top = spec.targetRef?.kind;
  const kinds = top === "MeshHTTPRoute" || top === "MeshGateway" ? narrowTo : allTo;
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system", route: true }), gatewayTags: true }),
    ...eachItem("spec.to", spec.to, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds }),
      // `conf` is no field, but a part of the path that the reference reports.
      ...validateConf(`${path}.default.conf`, item.default),
    ]),
  ];
}

function validateConf(path: string, { tcp, http, grpc }: RetryConf): Violation[] {
  if (!tcp && !http && !grpc) return [violation(path, "at least one of the 'tcp', 'http', 'grpc' must be specified")];
  return [
    ...(tcp ? validateTcp(`${path}.tcp`, tcp) : []),
    ...(http ? validateHttp(`${path}.http`, http) : []),
    ...(grpc ? [...empty(`${path}.grpc`, grpc), ...validateBackOffs(`${path}.grpc`, grpc)] : []),
  ];
}

function validateTcp(path: string, tcp: NonNullable<RetryConf["tcp"]>): Violation[] {
  return [...empty(path, tcp), ...positiveCount(`${path}.maxConnectAttempt`, tcp.maxConnectAttempt)];
}

function validateHttp(path: string, http: Http): Violation[] {
  return [
    ...empty(path, http),
    ...validateBackOffs(path, http),
    ...eachItem(`${path}.retryOn`, http.retryOn, (field, it) => (httpRetryConditions.includes(it) || statusCodes.has(it) ? [] : [violation(field, `unknown item '${it}'`)])),
    ...validateHostSelection(`${path}.hostSelection`, http),
  ];
}

const empty = (path: string, section: object): Violation[] => (Object.keys(section).length === 0 ? [violation(path, "must not be empty")] : []);

function validateBackOffs(path: string, { backOff, rateLimitedBackOff }: Pick<Http | Grpc, "backOff" | "rateLimitedBackOff">): Violation[] {
  const found = backOff ? empty(`${path}.backOff`, backOff) : [];
  if (!rateLimitedBackOff) return found;
  const field = `${path}.rateLimitedBackOff`;
  if (!rateLimitedBackOff.resetHeaders) found.push(violation(`${field}.resetHeaders`, "must be defined"));
  if (rateLimitedBackOff.maxInterval !== undefined) found.push(...requiredPositiveDuration(`${field}.maxInterval`, rateLimitedBackOff.maxInterval));
  return found;
}

function validateHostSelection(path: string, { hostSelection = [] }: Http): Violation[] {
  const firstByPriority = hostSelection.findIndex((it) => it.predicate === "OmitPreviousPriorities");
  return eachItem(path, hostSelection, (field, it, index) => {
    if (it.predicate === "OmitHostsWithTags" && !Object.keys(it.tags ?? {}).length) return [violation(`${field}.tags`, "must be defined")];
    if (it.predicate !== "OmitPreviousPriorities") return [];
    const isRepeated = index !== firstByPriority ? [violation(`${field}.predicate`, "OmitPreviousPriorities must only be specified once")] : [];
    return it.updateFrequency > 0 ? isRepeated : [...isRepeated, violation(`${field}.updateFrequency`, "must be defined and greater than zero")];
  });
}
