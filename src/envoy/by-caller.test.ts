// Routes for callers, of one policy and of two.
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { ConfigSchema } from "#gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js";
import type { PolicyMatch } from "#resources";
import { messageOf } from "./any.ts";
import { routesByCaller } from "./by-caller.ts";
import { openHttp } from "./draft/http.ts";
import { chain, openListener } from "./draft/listener.ts";

const caller = (value: string): { match: PolicyMatch; conf: unknown } => ({ match: { spiffeID: { type: "Exact", value } }, conf: undefined });

test("two policies share one filter that remembers, and each combination of callers has its route", () => {
  const listener = openListener({ name: "in", address: "::1", port: 80, direction: "inbound", isUnified: false, reusePort: false, bindToPort: true, tags: {} });
  const http = openHttp({ statPrefix: "in", protocol: "http", routeConfigName: "in", virtualHost: "in", internalCidrs: [], ipv6: false });
  http.routes.push({ message: create(RouteSchema, { match: { pathSpecifier: { case: "prefix", value: "/" } } }), plan: undefined });
  const both = [chain({ terminal: { is: "http", http } }), chain()];
  listener.chains.push(...both);
  routesByCaller(listener, [caller("spiffe://m/a")], { prefix: "one", onRoute: () => {} });
  routesByCaller(listener, [caller("spiffe://m/b")], { prefix: "two", onRoute: () => {} });
  expect(http.routes.map(({ message }) => message.match?.filterState.map((it) => it.key))).toEqual([["one.match.spiffe_id", "two.match.spiffe_id"], ["one.match.spiffe_id"], ["two.match.spiffe_id"], []]);
  const remembered = both.map(({ networkFilters: [only, ...more] }) => [more.length, only && messageOf(only, ConfigSchema)?.onDownstreamTlsHandshake.map((it) => it.key.value)]);
  expect(remembered).toEqual(Array(2).fill([0, ["one.match.spiffe_id", "two.match.spiffe_id"]]));
});
