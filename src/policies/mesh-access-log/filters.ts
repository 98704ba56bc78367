// Which requests a logger is for: those of one route, those of no route with loggers of its own, those of some callers.
import { create } from "@bufbuild/protobuf";
import { AccessLogFilterSchema, type AccessLogFilter } from "#gen/envoy/config/accesslog/v3/accesslog_pb.js";
import { ExpressionFilterSchema } from "#gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js";
import { LuaSchema } from "#gen/envoy/extensions/filters/http/lua/v3/lua_pb.js";
import { MetadataMatcherSchema } from "#gen/envoy/type/matcher/v3/metadata_pb.js";
import type { ValueMatcherSchema } from "#gen/envoy/type/matcher/v3/value_pb.js";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { packNew, typed, type HttpDraft, type RouteDraft } from "#envoy";
import type { PolicyMatch } from "#resources";

const [namespace, routeKey, lua] = ["kuma.routes", "route_kri", "envoy.filters.http.lua"];

/** Envoy's log filters see the metadata of a request, not of its route: this filter copies the route's name over. */
const copyRouteName = `function envoy_on_request(handle)
  local meta = handle:metadata():get("${routeKey}")
  if meta ~= nil then
    handle:streamInfo():dynamicMetadata():set("${namespace}", "${routeKey}", meta)
  end
end
`;

export const rememberRoutes = (http: HttpDraft): void =>
  void http.filters.unshift(typed(lua, LuaSchema, { defaultSourceCode: { specifier: { case: "inlineString", value: copyRouteName } } }));

export function nameRoute({ message }: RouteDraft, name: string): void {
  message.metadata = { $typeName: "envoy.config.core.v3.Metadata", filterMetadata: { ...message.metadata?.filterMetadata, [lua]: { [routeKey]: name } }, typedFilterMetadata: message.metadata?.typedFilterMetadata ?? {} };
}

function onRouteName(matchIfKeyNotFound: boolean, value: MessageInitShape<typeof ValueMatcherSchema>): AccessLogFilter {
  const matcher = create(MetadataMatcherSchema, { filter: namespace, path: [{ segment: { case: "key", value: routeKey } }], value });
  return create(AccessLogFilterSchema, { filterSpecifier: { case: "metadataFilter", value: { matchIfKeyNotFound, matcher } } });
}

export const ofNoRoute = (): AccessLogFilter => onRouteName(true, { matchPattern: { case: "nullMatch", value: {} } });
export const ofRoute = (name: string): AccessLogFilter => onRouteName(false, { matchPattern: { case: "stringMatch", value: { matchPattern: { case: "exact", value: name } } } });

/** Undefined: all callers. */
export function ofCallers(match: PolicyMatch | undefined): AccessLogFilter | undefined {
  const { spiffeID, sni } = match ?? {};
  const caller = "connection.uri_san_peer_certificate";
  const conditions = [
    ...(spiffeID ? [spiffeID.type === "Exact" ? `${caller} == ${quoted(spiffeID.value)}` : `${caller}.startsWith(${quoted(spiffeID.value)})`] : []),
    ...(sni ? [`connection.requested_server_name == ${quoted(sni.value)}`] : []),
  ];
  if (conditions.length === 0) return undefined;
  const typedConfig = packNew(ExpressionFilterSchema, { expression: conditions.join(" && ") });
  return create(AccessLogFilterSchema, { filterSpecifier: { case: "extensionFilter", value: { name: "envoy.access_loggers.extension_filters.cel", configType: { case: "typedConfig", value: typedConfig } } } });
}

/** A literal of the expression language: quotes and backslashes in a user's text stay text. */
const quoted = (value: string): string => JSON.stringify(value);
