// Rules for some callers: the connection remembers who called, and routes of their own hold for them (spec/dataplane.md 6.2).
import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { SubstitutionFormatStringSchema } from "#gen/envoy/config/core/v3/substitution_format_string_pb.js";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { FilterStateMatcherSchema } from "#gen/envoy/type/matcher/v3/filter_state_pb.js";
import { FilterStateValueSchema, type FilterStateValue } from "#gen/envoy/extensions/filters/common/set_filter_state/v3/value_pb.js";
import { ConfigSchema as SetFilterStateSchema } from "#gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js";
import type { InboundRule } from "#mesh";
import { mergeConfs, type PolicyMatch } from "#resources";
import { messageOf, typed } from "./any.ts";
import type { RouteDraft } from "./draft/http.ts";
import { addNetworkFilter, type ChainDraft, type ListenerDraft } from "./draft/listener.ts";

/** What a caller gets: what everybody gets, changed by the rules for this caller. */
export interface CallerConf {
  readonly match: PolicyMatch;
  readonly conf: unknown;
}

/** `rules` are in order, most specific first. Names alone select nothing here: a sidecar has one name per listener. */
export function confsByCaller(rules: readonly InboundRule[]): readonly CallerConf[] {
  const matches = new Map(rules.flatMap(({ match }) => (match?.spiffeID ? [[textOf(match), match] as const] : [])));
  const forEveryone = rules.filter((it) => !it.match);
  return [...matches].map(([text, match]) => {
    const own = rules.filter((it) => it.match && textOf(it.match) === text);
    return { match, conf: mergeConfs([...forEveryone, ...own].map((it) => it.conf)) };
  });
}

export interface CallerRoutes {
  /** Begins the names under which the connection remembers its caller: `kuma.mesh_timeout`. */
  readonly prefix: string;
  /** Changes the copy of a route that is for one caller. */
  readonly onRoute: (draft: RouteDraft, conf: unknown) => void;
}

/** In front of each route one for each caller. */
export function routesByCaller(listener: ListenerDraft, callers: readonly CallerConf[], { prefix, onRoute }: CallerRoutes): void {
  if (callers.length === 0) return;
  const usesSni = callers.some(({ match }) => match.sni);
  for (const chain of listener.chains) {
    remember(chain, [remembered(spiffeKey(prefix), "%DOWNSTREAM_PEER_URI_SAN%"), ...(usesSni ? [remembered(sniKey(prefix), "%REQUESTED_SERVER_NAME%")] : [])]);
    if (chain.terminal.is !== "http") continue;
    const { routes } = chain.terminal.http;
    const all = routes.flatMap((route) => [...callers.map((caller) => routeFor(route, caller, { prefix, onRoute })), route]);
    routes.splice(0, routes.length, ...all);
  }
}

const textOf = ({ spiffeID, sni }: PolicyMatch): string => JSON.stringify([spiffeID?.type, spiffeID?.value, sni?.value]);

const spiffeKey = (prefix: string): string => `${prefix}.match.spiffe_id`;
const sniKey = (prefix: string): string => `${prefix}.match.sni`;

/** One filter remembers for all policies. */
function remember(chain: ChainDraft, values: readonly FilterStateValue[]): void {
  const name = "envoy.filters.network.set_filter_state";
  const existing = chain.networkFilters.find((it) => it.name === name);
  const message = existing && messageOf(existing, SetFilterStateSchema);
  if (message) message.onDownstreamTlsHandshake.push(...values);
  else addNetworkFilter(chain, typed(name, SetFilterStateSchema, { onDownstreamTlsHandshake: [...values] }));
}

function routeFor(route: RouteDraft, { match: { spiffeID, sni }, conf }: CallerConf, { prefix, onRoute }: CallerRoutes): RouteDraft {
  const message = clone(RouteSchema, route.message);
  const draft: RouteDraft = { message, plan: route.plan };
  if (spiffeID) message.match?.filterState.push(stateMatcher(spiffeKey(prefix), spiffeID.type === "Prefix" ? "prefix" : "exact", spiffeID.value));
  if (sni) message.match?.filterState.push(stateMatcher(sniKey(prefix), "exact", sni.value));
  onRoute(draft, conf);
  return draft;
}

const stateMatcher = (key: string, pattern: "exact" | "prefix", value: string) =>
  create(FilterStateMatcherSchema, { key, matcher: { case: "stringMatch", value: { matchPattern: { case: pattern, value } } } });

const format = (text: string): MessageInitShape<typeof SubstitutionFormatStringSchema> => ({ format: { case: "textFormatSource", value: { specifier: { case: "inlineString", value: text } } } });

const remembered = (objectKey: string, text: string): FilterStateValue =>
  create(FilterStateValueSchema, {
    key: { case: "objectKey", value: objectKey }, factoryKey: "envoy.string", value: { case: "formatString", value: create(SubstitutionFormatStringSchema, format(text)) }, readOnly: true, skipIfEmpty: true,
  });
