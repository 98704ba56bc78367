// ServiceInsight: the services of a mesh by their tag, with the proxies behind each, counted when asked.
import { create } from "@bufbuild/protobuf";
import { Dataplane_Networking_Inbound_State as InboundState, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { DataplaneInsight } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import type { ExternalService } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { ServiceInsightSchema, ServiceInsight_ServiceSchema, ServiceInsight_Service_Status as Status, ServiceInsight_Service_Type as Type, type ServiceInsight, type ServiceInsight_Service as Service } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { tag, type Resource } from "#resources";
import type { Store } from "#store";
import { hasOnlyMeshServices, proxiesOf, typeOf } from "./mesh-insight.ts";
import { isReady, proxyState } from "./proxies.ts";

export interface ServiceNaming {
  readonly dnsDomain: string;
  readonly serviceVipPort: number;
}

const serviceTypes = { standard: Type.internal, gatewayBuiltin: Type.gateway_builtin, gatewayDelegated: Type.gateway_delegated };

export function serviceInsight(store: Store, mesh: string, naming: ServiceNaming): ServiceInsight {
  const services: Record<string, Service> = {};
  const isExclusive = hasOnlyMeshServices(store, mesh);
  for (const [dataplane, insight] of proxiesOf(store, mesh)) {
    // MeshServices stand for all but delegated gateways.
    if (!isExclusive || typeOf(dataplane.spec) === "gatewayDelegated") countProxy(services, dataplane.spec, insight, naming);
  }
  for (const service of Object.values(services)) service.status = statusOf(service);
  if (isExclusive) return create(ServiceInsightSchema, { services });
  for (const external of store.list("ExternalService", { mesh }) as readonly Resource<ExternalService>[]) {
    const name = external.spec.tags[tag.service];
    if (!name) continue;
    const zones = new Set([...(services[name]?.serviceType === Type.external ? services[name].zones : []), external.spec.tags[tag.zone] ?? ""]);
    services[name] = create(ServiceInsight_ServiceSchema, {
      status: Status.not_available, dataplanes: {}, serviceType: Type.external, addressPort: external.spec.networking?.address ?? "", zones: [...zones].filter(Boolean).toSorted(),
    });
  }
  return create(ServiceInsightSchema, { services });
}

/** A service that nobody offers yet. */
export function unknownService(name: string, { dnsDomain, serviceVipPort }: ServiceNaming): Service {
  return create(ServiceInsight_ServiceSchema, { dataplanes: {}, addressPort: `${name}.${dnsDomain}:${serviceVipPort}` });
}

function countProxy(services: Record<string, Service>, dataplane: Dataplane, insight: DataplaneInsight | undefined, naming: ServiceNaming): void {
  const state = proxyState(dataplane, insight);
  const { inbound = [], gateway } = dataplane.networking ?? {};
  const offers = gateway ? [{ tags: gateway.tags, isOnline: state === "online" }] : inbound.filter((it) => it.state !== InboundState.Ignored).map((it) => ({ tags: it.tags, isOnline: state === "online" || (state === "partiallyDegraded" && isReady(it)) }));
  for (const { tags, isOnline } of offers) {
    const name = tags[tag.service];
    if (!name) continue;
    const service = (services[name] ??= gateway ? create(ServiceInsight_ServiceSchema, { dataplanes: {} }) : unknownService(name, naming));
    service.serviceType = serviceTypes[typeOf(dataplane)];
    const { dataplanes } = service;
    if (dataplanes) {
      dataplanes.total++;
      dataplanes[isOnline ? "online" : "offline"]++;
    }
    const issued = insight?.mTLS?.issuedBackend;
    if (issued) service.issuedBackends[issued] = (service.issuedBackends[issued] ?? 0) + 1;
    const zone = tags[tag.zone];
    if (zone && !service.zones.includes(zone)) service.zones = [...service.zones, zone].toSorted();
  }
}

function statusOf({ dataplanes }: Service): Status {
  if (!dataplanes || dataplanes.online === 0) return Status.offline;
  return dataplanes.online === dataplanes.total ? Status.online : Status.partially_degraded;
}
