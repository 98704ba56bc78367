// What MeshPassthrough lets through, and in which order.
import { expect, test } from "vitest";
import { openListener, type PassthroughPlace } from "#envoy";
import { meshPassthroughApply } from "./apply.ts";
import type { PassthroughConf, PassthroughMatch } from "./kind.ts";
import { matchName, sortedMatches } from "./matches.ts";

const match = (protocol: PassthroughMatch["protocol"], value: string, port?: number): PassthroughMatch => ({
  type: /^[\d.:a-f]+$/.test(value) ? "IP" : value.includes("/") ? "CIDR" : "Domain", value, protocol, ...(port === undefined ? {} : { port }),
});

function listenerOf(conf: PassthroughConf, family: "ipv4" | "ipv6" = "ipv4") {
  const listener = openListener({ name: "out", address: "0.0.0.0", port: 15001, direction: "outbound", isUnified: false, reusePort: false, bindToPort: true, tags: {} });
  const place: PassthroughPlace = { family, internalCidrs: [], ipv6: true, proxyConf: { value: conf } };
  meshPassthroughApply.passthroughListener?.(listener, undefined, place);
  return listener;
}

test("a match for all ports holds on those that others name, where a chain for the port would hide it", () => {
  expect(sortedMatches([match("tls", "d.example"), match("tls", "a.example", 443)]).map(matchName)).toEqual(["meshpassthrough_tls_a.example_443", "meshpassthrough_tls_d.example_443", "meshpassthrough_tls_d.example_*"]);
});

test("names of more labels, narrower ranges and given ports come first", () => {
  const names = sortedMatches([match("tls", "*", 1), match("tls", "*.a.example", 1), match("tls", "b.a.example", 1), match("tcp", "10.0.0.0/8", 1), match("tcp", "10.1.0.0/16", 1)]).map(({ value }) => value);
  expect(names).toEqual(["b.a.example", "*.a.example", "*", "10.1.0.0/16", "10.0.0.0/8"]);
});

test("one HTTP protocol holds a port: the one asked for there, or the first", () => {
  const names = sortedMatches([match("http", "any.example"), match("grpc", "g.example", 90), match("http2", "h.example")]).map(matchName);
  expect(names).toEqual(["meshpassthrough_http_any.example_*", "meshpassthrough_grpc_g.example_90"]);
});

test("hosts share the chain of their port; unknown ones are told why; `*` leaves none unknown", () => {
  const hosts = (...matches: PassthroughMatch[]) => listenerOf({ appendMatch: matches }).chains.map(({ name, terminal }) => [name, terminal.is === "http" ? terminal.http.routeConfig.virtualHosts.map((it) => it.name) : []]);
  expect(hosts(match("http", "a.example", 80), match("http", "b.example", 80))).toEqual([["meshpassthrough_http_80", ["a.example", "b.example", "no_match"]]]);
  expect(hosts(match("http", "*", 80))).toEqual([["meshpassthrough_http_80", ["*"]]]);
});

test("an address is matched in its family only; a port of MySQL is not looked into", () => {
  const conf = { appendMatch: [match("mysql", "1.2.3.4", 3306)] };
  const listener = listenerOf(conf);
  expect(listener.chains.map((it) => it.match?.prefixRanges[0]?.addressPrefix)).toEqual(["1.2.3.4"]);
  expect(listener.message.listenerFilters.map((it) => it.filterDisabled?.rule.case)).toEqual([undefined, "destinationPortRange", "destinationPortRange"]);
  expect(listenerOf(conf, "ipv6").chains).toEqual([]);
});

test("the policy decides before the Mesh does; without one the Mesh decides", () => {
  const allows = (value: PassthroughConf | undefined) => meshPassthroughApply.allowsPassthrough?.(value && { value });
  expect([allows({ passthroughMode: "All" }), allows({ passthroughMode: "None" }), allows({}), allows(undefined)]).toEqual([true, false, false, undefined]);
});
