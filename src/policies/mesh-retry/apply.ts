// MeshRetry on Envoy: retry policies on HTTP routes, connection attempts on TCP proxies.
import { create } from "@bufbuild/protobuf";
import { RetryPolicySchema, RetryPolicy_ResetHeaderFormat as ResetFormat, type HeaderMatcherSchema, type RetryPolicy } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { OmitHostMetadataConfigSchema } from "#gen/envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config_pb.js";
import { PreviousHostsPredicateSchema } from "#gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js";
import { PreviousPrioritiesConfigSchema } from "#gen/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { packNew, protoDuration, type EnvoyPolicy } from "#envoy";
import { durationMs } from "#resources";
import type { RetryConf } from "./kind.ts";

const httpDefault = "gateway-error,connect-failure,refused-stream";
const grpcDefault = "cancelled,connect-failure,gateway-error,refused-stream,reset,resource-exhausted,unavailable";

export const meshRetryApply: EnvoyPolicy = {
  kind: "MeshRetry",
  outboundListener(listener, conf, { target }) {
    const attempts = (conf?.value as RetryConf | undefined)?.tcp?.maxConnectAttempt;
    if (attempts === undefined || target.protocol !== "tcp") return;
    for (const { terminal } of listener.chains) if (terminal.is === "tcp") terminal.proxy.maxConnectAttempts = attempts;
  },
  outboundRoute({ message }, conf, { target }) {
    const value = conf?.value as RetryConf | undefined;
    if (!value || message.action.case !== "route") return;
    // Only these two protocols have retries of their own; http2 has none in the reference either.
    const policy = target.protocol === "http" ? httpPolicy(value.http) : target.protocol === "grpc" ? grpcPolicy(value.grpc) : undefined;
    if (policy) message.action.value.retryPolicy = policy;
  },
};

type Http = NonNullable<RetryConf["http"]>;
type Common = Pick<Http, "numRetries" | "perTryTimeout" | "backOff" | "rateLimitedBackOff">;

function common(conf: Common, retryOn: string): RetryPolicy {
  const policy = create(RetryPolicySchema, { retryOn });
  if (conf.numRetries !== undefined) policy.numRetries = conf.numRetries;
  if (conf.perTryTimeout !== undefined) policy.perTryTimeout = duration(conf.perTryTimeout);
  if (conf.backOff) {
    const { baseInterval, maxInterval } = conf.backOff;
    policy.retryBackOff = create(RetryPolicySchema, {
      retryBackOff: { baseInterval: duration(baseInterval ?? "25ms"), ...(maxInterval === undefined ? {} : { maxInterval: duration(maxInterval) }) },
    }).retryBackOff;
  }
  if (conf.rateLimitedBackOff) {
    const { resetHeaders, maxInterval } = conf.rateLimitedBackOff;
    policy.rateLimitedRetryBackOff = create(RetryPolicySchema, {
      rateLimitedRetryBackOff: {
        resetHeaders: (resetHeaders ?? []).map(({ name, format }) => ({ name, format: format === "UnixTimestamp" ? ResetFormat.UNIX_TIMESTAMP : ResetFormat.SECONDS })),
        ...(maxInterval === undefined ? {} : { maxInterval: duration(maxInterval) }),
      },
    }).rateLimitedRetryBackOff;
  }
  return policy;
}

const duration = (text: string) => protoDuration(durationMs(text) ?? 0);

const retryNames: Readonly<Record<string, string>> = {
  "5xx": "5xx", gatewayerror: "gateway-error", reset: "reset", retriable4xx: "retriable-4xx", connectfailure: "connect-failure", envoyratelimited: "envoy-ratelimited",
  refusedstream: "refused-stream", http3postconnectfailure: "http3-post-connect-failure",
};

/** `HttpMethodGet` restricts which requests are retried; a number is a status code; the rest are Envoy's conditions. */
function httpPolicy(conf: Http | undefined): RetryPolicy | undefined {
  if (!conf || conf.numRetries === 0) return undefined;
  const conditions: string[] = [];
  const methods: string[] = [];
  const codes: number[] = [];
  for (const item of conf.retryOn ?? []) {
    const name = retryNames[item.toLowerCase()];
    const method = /^httpmethod(\w+)$/i.exec(item)?.[1];
    if (name) conditions.push(name);
    else if (method) methods.push(method.toUpperCase());
    else if (/^\d{3}$/.test(item)) codes.push(Number(item));
  }
  if (codes.length > 0) conditions.push("retriable-status-codes");
  const policy = common(conf, conditions.length > 0 ? conditions.join(",") : httpDefault);
  policy.retriableStatusCodes.push(...codes);
  const headers = create(RetryPolicySchema, {
    retriableHeaders: (conf.retriableResponseHeaders ?? []).map(headerMatcher),
    retriableRequestHeaders: [...methods.map((method) => headerMatcher({ name: ":method", type: "Exact", value: method })), ...(conf.retriableRequestHeaders ?? []).map(headerMatcher)],
  });
  policy.retriableHeaders = headers.retriableHeaders;
  policy.retriableRequestHeaders = headers.retriableRequestHeaders;
  selectHosts(policy, conf);
  return policy;
}

function selectHosts(policy: RetryPolicy, conf: Http): void {
  for (const { predicate, tags, updateFrequency } of conf.hostSelection ?? []) {
    if (predicate === "OmitPreviousHosts") addPredicate(policy, "envoy.retry_host_predicates.previous_hosts", packNew(PreviousHostsPredicateSchema, {}));
    if (predicate === "OmitHostsWithTags") {
      addPredicate(policy, "envoy.retry_host_predicates.omit_host_metadata", packNew(OmitHostMetadataConfigSchema, { metadataMatch: { filterMetadata: { "envoy.lb": { ...tags } } } }));
    }
    if (predicate === "OmitPreviousPriorities") {
      policy.retryPriority = create(RetryPolicySchema, {
        retryPriority: { name: "envoy.retry_priorities.previous_priorities", configType: { case: "typedConfig", value: packNew(PreviousPrioritiesConfigSchema, { updateFrequency }) } },
      }).retryPriority;
    }
  }
  if (conf.hostSelectionMaxAttempts !== undefined) policy.hostSelectionRetryMaxAttempts = BigInt(conf.hostSelectionMaxAttempts);
}

function addPredicate(policy: RetryPolicy, name: string, value: ReturnType<typeof packNew>): void {
  policy.retryHostPredicate.push(...create(RetryPolicySchema, { retryHostPredicate: [{ name, configType: { case: "typedConfig", value } }] }).retryHostPredicate);
}

const grpcNames: Readonly<Record<string, string>> = {
  Canceled: "canceled", DeadlineExceeded: "deadline-exceeded", Internal: "internal", ResourceExhausted: "resource-exhausted", Unavailable: "unavailable",
};

function grpcPolicy(conf: RetryConf["grpc"]): RetryPolicy | undefined {
  if (!conf || conf.numRetries === 0) return undefined;
  return common(conf, conf.retryOn && conf.retryOn.length > 0 ? conf.retryOn.map((it) => grpcNames[it] ?? it).join(",") : grpcDefault);
}

interface Match {
  readonly name: string;
  readonly type?: string | undefined;
  readonly value?: string | undefined;
}

function headerMatcher({ name, type, value = "" }: Match): MessageInitShape<typeof HeaderMatcherSchema> {
  if (type === "Present" || type === "Absent") return { name, headerMatchSpecifier: { case: "presentMatch", value: type === "Present" } };
  const matchPattern =
    type === "RegularExpression" ? { case: "safeRegex" as const, value: { regex: value } } : type === "Prefix" ? { case: "prefix" as const, value } : { case: "exact" as const, value };
  return { name, headerMatchSpecifier: { case: "stringMatch", value: { matchPattern } } };
}
