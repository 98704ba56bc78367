// `_layout`: what a proxy serves and what it may call, by identifier (spec/api.md 2.7).
import { Dataplane_Networking_Listener_Type as ListenerType } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { inboundsOf, sectionName } from "#mesh";
import { formatKri, kriOf } from "#resources";
import type { Inspect, ProxyPath } from "../options.ts";
import { dataplaneOr404, exclusiveOnly, proxyFor, viewOr404, type InspectionParts } from "./parts.ts";

export function inspectLayout(parts: InspectionParts): Inspect<ProxyPath> {
  return ({ mesh, name }) => {
    const view = viewOr404(parts, mesh);
    const dataplane = dataplaneOr404(view, name, "Failed to retrieve Dataplane");
    exclusiveOnly(view, "_layout");
    const kind = parts.kinds.byName("Dataplane");
    const kriFor = (section: string): string => {
      const kri = kind && kriOf(kind, dataplane, section);
      return kri ? formatKri(kri) : "";
    };
    // Names are the unified ones, whether the proxy has them or not.
    const inbounds = inboundsOf(dataplane).map(({ section, port, protocol }) => ({ kri: kriFor(section), port, protocol, proxyResourceName: `self_inbound_dp_${section}` }));
    const plan = parts.planner.plan(view, proxyFor(parts, dataplane));
    const outbounds = plan.outbounds.flatMap(({ target: { destination } }) => {
      if (destination.is === "service") return [];
      const kri = formatKri({ ...destination.kri, section: sectionName(destination.port) });
      return [{ kri, port: destination.port.port, protocol: destination.protocol, proxyResourceName: kri }];
    });
    const listeners = (dataplane.spec.networking?.listeners ?? []).map(({ type, name: section, port }) => {
      const isIngress = type === ListenerType.ZoneIngress;
      return { kri: kriFor(section || String(port)), type: isIngress ? "ZoneIngress" : "ZoneEgress", port, proxyResourceName: `self_${isIngress ? "zoneingress" : "zoneegress"}_dp_${section || port}` };
    });
    return { kri: kriFor(""), labels: dataplane.labels, inbounds, outbounds: outbounds.toSorted((a, b) => (a.kri < b.kri ? -1 : 1)), listeners, ...(plan.identity ? { spiffeId: plan.identity.spiffeId } : {}) };
  };
}
