// What MeshRateLimit puts on an inbound listener.
import { create } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { RouteSchema, type Route } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { LocalRateLimitSchema } from "#gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js";
import { chain, openHttp, openListener, type InboundPlace, type ListenerDraft } from "#envoy";
import type { InboundRule } from "#mesh";
import type { PolicyMatch } from "#resources";
import { meshRateLimitApply } from "./apply.ts";
import type { RateLimitConf } from "./kind.ts";

const rule = (conf: RateLimitConf, match?: PolicyMatch): InboundRule => ({ match, conf, origin: { ruleIndex: 0 } as InboundRule["origin"] });
const perSecond = (num: number) => ({ requestRate: { num, interval: "1s" } });
const caller = (name: string): PolicyMatch => ({ spiffeID: { type: "Exact", value: `spiffe://m/${name}` } });

function listenerWith(...rules: readonly InboundRule[]): ListenerDraft {
  const listener = openListener({ name: "in", address: "::1", port: 80, direction: "inbound", isUnified: false, reusePort: false, bindToPort: true, tags: {} });
  const http = openHttp({ statPrefix: "in", protocol: "http", routeConfigName: "in", virtualHost: "in", internalCidrs: [], ipv6: false });
  http.routes.push({ message: create(RouteSchema, { match: { pathSpecifier: { case: "prefix", value: "/" } } }), plan: undefined });
  listener.chains.push(chain({ terminal: { is: "http", http } }));
  meshRateLimitApply.inboundListener?.(listener, { rules, fromRules: [] }, {} as InboundPlace);
  return listener;
}

const httpOf = ({ chains: [first] }: ListenerDraft) => (first?.terminal.is === "http" ? first.terminal.http : undefined);
const tokens = ({ typedPerFilterConfig }: Route): number | undefined => {
  const packed = typedPerFilterConfig["envoy.filters.http.local_ratelimit"];
  return packed && anyUnpack(packed, LocalRateLimitSchema)?.tokenBucket?.maxTokens;
};
const limitsOf = (listener: ListenerDraft) => httpOf(listener)?.routes.map(({ message }) => [message.match?.filterState.length, tokens(message)]);

test("a caller with a rule of its own has a bucket of its own, in front of everybody's", () => {
  expect(limitsOf(listenerWith(rule({ local: { http: perSecond(1) } }, caller("a")), rule({ local: { http: perSecond(3) } })))).toEqual([[1, 1], [0, 3]]);
});
test("a caller can be free of a limit, and keeps what its rule leaves unsaid", () => {
  const everybody = rule({ local: { http: perSecond(3) } });
  expect(limitsOf(listenerWith(rule({ local: { http: { disabled: true } } }, caller("a")), everybody))).toEqual([[1, undefined], [0, 3]]);
  expect(limitsOf(listenerWith(rule({ local: { http: { onRateLimit: { status: 503 } } } }, caller("a")), everybody))).toEqual([[1, 3], [0, 3]]);
});
test("without a rate, or with all of them switched off, the listener stays as it is", () => {
  const listener = listenerWith(rule({ local: { http: { onRateLimit: { status: 503 } }, tcp: { disabled: true, connectionRate: { num: 1, interval: "1s" } } } }, caller("a")));
  expect([limitsOf(listener), httpOf(listener)?.filters, listener.chains[0]?.networkFilters]).toEqual([[[0, undefined]], [], []]);
});
test("connections are limited in front of everything, for all callers alike", () => {
  const listener = listenerWith(rule({ local: { tcp: { connectionRate: { num: 7, interval: "500ms" } } } }));
  expect(listener.chains[0]?.networkFilters).toMatchObject([{ message: { statPrefix: "tcp_rate_limit", tokenBucket: { maxTokens: 7, tokensPerFill: 7, fillInterval: { nanos: 500_000_000 } } } }]);
});
