// MeshTimeout rules for some callers: the connection remembers who called, and a route of its own holds for them (spec/dataplane.md 6.2).
import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { SubstitutionFormatStringSchema } from "#gen/envoy/config/core/v3/substitution_format_string_pb.js";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { FilterStateMatcherSchema } from "#gen/envoy/type/matcher/v3/filter_state_pb.js";
import { FilterStateValueSchema } from "#gen/envoy/extensions/filters/common/set_filter_state/v3/value_pb.js";
import { ConfigSchema as SetFilterStateSchema } from "#gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js";
import { typed, type ListenerDraft, type RouteDraft } from "#envoy";
import type { InboundRule } from "#mesh";
import { mergeConfs, type PolicyMatch } from "#resources";
import type { TimeoutConf } from "./kind.ts";

const spiffeKey = "kuma.mesh_timeout.match.spiffe_id";
const sniKey = "kuma.mesh_timeout.match.sni";

/** `rules` are in order, most specific first. Names alone select nothing here: a sidecar has one name per listener. */
export function timeoutsByCaller(listener: ListenerDraft, rules: readonly InboundRule[], onRoute: (draft: RouteDraft, conf: TimeoutConf) => void): void {
  const matches = distinctMatches(rules);
  if (matches.length === 0) return;
  const usesSni = matches.some((it) => it.sni);
  if (usesSni) listener.needsTlsInspector = true;
  const remember = typed("envoy.filters.network.set_filter_state", SetFilterStateSchema, {
    onDownstreamTlsHandshake: [remembered(spiffeKey, "%DOWNSTREAM_PEER_URI_SAN%"), ...(usesSni ? [remembered(sniKey, "%REQUESTED_SERVER_NAME%")] : [])],
  });
  for (const { networkFilters, terminal } of listener.chains) {
    // Permission comes first: who is refused need not be remembered.
    networkFilters.splice(networkFilters.findIndex((it) => it.name === "envoy.filters.network.rbac") + 1, 0, remember);
    if (terminal.is !== "http") continue;
    const { routes } = terminal.http;
    const own = routes.flatMap((route) => matches.map((match) => routeFor(route, match, mergeConfs(rulesFor(rules, match)), onRoute)));
    routes.unshift(...own);
  }
}

const textOf = ({ spiffeID, sni }: PolicyMatch): string => JSON.stringify([spiffeID?.type, spiffeID?.value, sni?.value]);

const distinctMatches = (rules: readonly InboundRule[]): readonly PolicyMatch[] => [
  ...new Map(rules.flatMap(({ match }) => (match?.spiffeID ? [[textOf(match), match] as const] : []))).values(),
];

/** What everybody gets, below what this match gets. */
function rulesFor(rules: readonly InboundRule[], match: PolicyMatch): readonly unknown[] {
  const same = rules.filter((it) => it.match && textOf(it.match) === textOf(match));
  return [...rules.filter((it) => !it.match), ...same].map((it) => it.conf);
}

function routeFor(route: RouteDraft, { spiffeID, sni }: PolicyMatch, conf: unknown, onRoute: (draft: RouteDraft, conf: TimeoutConf) => void): RouteDraft {
  const message = clone(RouteSchema, route.message);
  const draft: RouteDraft = { message, plan: route.plan };
  if (spiffeID) message.match?.filterState.push(stateMatcher(spiffeKey, spiffeID.type === "Prefix" ? "prefix" : "exact", spiffeID.value));
  if (sni) message.match?.filterState.push(stateMatcher(sniKey, "exact", sni.value));
  onRoute(draft, conf as TimeoutConf);
  return draft;
}

const stateMatcher = (key: string, pattern: "exact" | "prefix", value: string) =>
  create(FilterStateMatcherSchema, { key, matcher: { case: "stringMatch", value: { matchPattern: { case: pattern, value } } } });

const remembered = (objectKey: string, text: string): MessageInitShape<typeof FilterStateValueSchema> => ({
  key: { case: "objectKey", value: objectKey },
  factoryKey: "envoy.string",
  value: { case: "formatString", value: create(SubstitutionFormatStringSchema, { format: { case: "textFormatSource", value: { specifier: { case: "inlineString", value: text } } } }) },
  readOnly: true,
  skipIfEmpty: true,
});
