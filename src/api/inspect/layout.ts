// `_layout`: what a proxy serves and what it may call, by identifier (spec/api.md 2.7).
import { Dataplane_Networking_Listener_Type as ListenerType, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { feature, inboundsOf, memoOn, sectionName, type Proxy } from "#mesh";
import { formatKri, kriOf, type Resource } from "#resources";
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
    const plan = parts.planner.plan(view, callingBackends(proxyFor(parts, byBackends(dataplane))));
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

/** The page knows services that have an identifier only: what is listed or reachable by an older name says nothing here. */
const byBackends = memoOn((dataplane: Resource<Dataplane>): Resource<Dataplane> => {
  const { networking } = dataplane.spec;
  if (!networking) return dataplane;
  const { outbound, transparentProxying } = networking;
  const reachable = transparentProxying && { ...transparentProxying, reachableServices: [] };
  return { ...dataplane, spec: { ...dataplane.spec, networking: { ...networking, outbound: outbound.filter((it) => it.backendRef), ...(reachable ? { transparentProxying: reachable } : {}) } } };
});

/** A proxy that lists nothing may call everything in reach, redirected or not. */
const callingBackends = ({ dataplane, traits }: Proxy): Proxy => ({
  dataplane,
  traits: (dataplane.spec.networking?.outbound.length ?? 0) > 0 ? traits : { ...traits, features: new Set([...traits.features, feature.bindOutbounds]) },
});
