// Query parameters that only some collections know: tags of dataplanes and external services, gateways of dataplanes.
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { ExternalService } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { ServiceInsight_Service_Type as ServiceType, type ServiceInsight_Service } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { badRequest, invalid, KumaError, violation, type Kind, type Resource } from "#resources";
import { several, single, type Query } from "./query.ts";

type Filter = (resource: Resource) => boolean;

const filtersByKind: ReadonlyMap<string, (query: Query, route: string) => Filter | undefined> = new Map([
  ["Dataplane", dataplaneFilter],
  ["ExternalService", externalServiceFilter],
  ["ServiceInsight", serviceTypeFilter],
]);

/** `route` is the path of the collection as errors name it. */
export const matchesKindFilters = (kind: Kind, query: Query, route: string): Filter | undefined => filtersByKind.get(kind.name)?.(query, route);

function dataplaneFilter(query: Query, route: string): Filter | undefined {
  const tags = tagsOf(query);
  const gateway = single(query["gateway"]) ?? "";
  if (!["", "true", "false", "builtin", "delegated"].includes(gateway)) {
    // The slip of the pen is the reference's, and so clients' fixtures have it.
    const reason = `shoud use \`true\`, \`false\`, 'builtin' or 'delegated' instead of ${gateway}`;
    throw new KumaError(invalid([violation(`${route}.gateway`, reason)]).failure, { attempt: "Could not retrieve resources" });
  }
  if (tags.length === 0 && !gateway) return undefined;
  return (resource) => {
    const { networking } = resource.spec as Dataplane;
    const sets = [...(networking?.inbound.map((it) => it.tags) ?? []), ...(networking?.gateway ? [networking.gateway.tags] : [])];
    const hasTags = tags.length === 0 || sets.some((set) => tags.every(([key, value]) => set[key]?.includes(value) === true));
    return hasTags && isGateway(networking?.gateway?.type, gateway);
  };
}

function externalServiceFilter(query: Query): Filter | undefined {
  const tags = tagsOf(query);
  if (tags.length === 0) return undefined;
  return (resource) => tags.every(([key, value]) => (resource.spec as ExternalService).tags[key]?.includes(value) === true);
}

/** `type=internal,external`: of the services in insights. */
function serviceTypeFilter(query: Query): Filter | undefined {
  const names = (single(query["type"]) ?? "").split(",").filter(Boolean);
  if (names.length === 0) return undefined;
  const types = names.map((name) => serviceTypes[name]);
  if (types.includes(undefined)) throw badRequest("bad request: unsupported service type");
  return (resource) => types.includes((resource.spec as ServiceInsight_Service).serviceType);
}

const serviceTypes: Readonly<Record<string, ServiceType>> = { internal: ServiceType.internal, external: ServiceType.external, gateway_builtin: ServiceType.gateway_builtin, gateway_delegated: ServiceType.gateway_delegated };

/** `tag=key:value` as often as given; those without a colon are ignored, an empty key is in no set. */
function tagsOf(query: Query): readonly (readonly [string, string])[] {
  return several(query["tag"]).flatMap((text) => {
    const at = text.indexOf(":");
    return at >= 0 ? [[text.slice(0, at), text.slice(at + 1)] as const] : [];
  });
}

function isGateway(type: GatewayType | undefined, wanted: string): boolean {
  if (wanted === "true") return type !== undefined;
  if (wanted === "false") return type === undefined;
  if (wanted === "builtin") return type === GatewayType.BUILTIN;
  return wanted === "delegated" ? type === GatewayType.DELEGATED : true;
}
