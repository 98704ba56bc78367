// MeshRateLimit on Envoy: inbound listeners count requests and connections, each proxy for itself (spec/dataplane.md 6.2).
import { create } from "@bufbuild/protobuf";
import { HeaderValueOption_HeaderAppendAction as Append } from "#gen/envoy/config/core/v3/base_pb.js";
import { LocalRateLimitSchema as HttpLimitSchema } from "#gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js";
import { LocalRateLimitSchema as TcpLimitSchema } from "#gen/envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit_pb.js";
import { TokenBucketSchema } from "#gen/envoy/type/v3/token_bucket_pb.js";
import { addNetworkFilter, confsByCaller, packNew, protoDuration, routesByCaller, typed, type EnvoyPolicy, type ListenerDraft, type RouteDraft } from "#envoy";
import { confForEveryone } from "#mesh";
import { durationMs } from "#resources";
import type { RateLimitConf } from "./kind.ts";

type Local = NonNullable<RateLimitConf["local"]>;
type Http = NonNullable<Local["http"]>;
type Rate = NonNullable<Http["requestRate"]>;

export const meshRateLimitApply: EnvoyPolicy = {
  kind: "MeshRateLimit",
  inboundListener(listener, conf) {
    if (!conf) return;
    const everyone = confForEveryone(conf.rules) as RateLimitConf | undefined;
    limitConnections(listener, everyone);
    limitRequests(listener, everyone, confsByCaller(conf.rules));
  },
};

const httpName = "envoy.filters.http.local_ratelimit";

function limitConnections(listener: ListenerDraft, conf: RateLimitConf | undefined): void {
  const tcp = conf?.local?.tcp;
  if (!tcp?.connectionRate || tcp.disabled) return;
  for (const chain of listener.chains) {
    addNetworkFilter(chain, typed("envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit", TcpLimitSchema, { statPrefix: "tcp_rate_limit", tokenBucket: bucket(tcp.connectionRate) }));
  }
}

/** The filter stands in the listener, what it counts in the routes: callers with rules of their own have routes of their own. */
function limitRequests(listener: ListenerDraft, everyone: RateLimitConf | undefined, callers: ReturnType<typeof confsByCaller>): void {
  if (![everyone, ...callers.map((it) => it.conf as RateLimitConf)].some(limitsRequests)) return;
  for (const { terminal } of listener.chains) {
    if (terminal.is !== "http") continue;
    terminal.http.filters.push(typed(httpName, HttpLimitSchema, { statPrefix: "rate_limit" }));
    for (const route of terminal.http.routes) limitRoute(route, everyone);
  }
  routesByCaller(listener, callers, { prefix: "kuma.mesh_rate_limit", onRoute: (draft, conf) => limitRoute(draft, conf as RateLimitConf) });
}

const limitsRequests = (conf: RateLimitConf | undefined): boolean => conf?.local?.http?.requestRate !== undefined && !conf.local.http.disabled;

function limitRoute({ message }: RouteDraft, conf: RateLimitConf | undefined): void {
  const http = conf?.local?.http;
  delete message.typedPerFilterConfig[httpName];
  if (!http?.requestRate || http.disabled) return;
  message.typedPerFilterConfig[httpName] = packNew(HttpLimitSchema, {
    statPrefix: "rate_limit",
    tokenBucket: bucket(http.requestRate),
    filterEnabled: always("local_rate_limit_enabled"),
    filterEnforced: always("local_rate_limit_enforced"),
    ...refusal(http),
  });
}

const always = (runtimeKey: string) => ({ defaultValue: { numerator: 100 }, runtimeKey });

/** As many tokens as the interval allows, all of them back at its end. */
const bucket = ({ num, interval }: Rate) => create(TokenBucketSchema, { maxTokens: num, tokensPerFill: num, fillInterval: protoDuration(durationMs(interval) ?? 0) });

/** What a refused request is answered with; 429 when nothing is said. */
function refusal({ onRateLimit }: Http) {
  const { status, headers } = onRateLimit ?? {};
  const add = (headers?.add ?? []).map(({ name, value }) => ({ header: { key: name, value } }));
  const set = (headers?.set ?? []).map(({ name, value }) => ({ header: { key: name, value }, appendAction: Append.OVERWRITE_IF_EXISTS_OR_ADD }));
  return { responseHeadersToAdd: [...add, ...set], ...(status === undefined ? {} : { status: { code: status } }) };
}
