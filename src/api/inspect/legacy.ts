// The older pages about policies: which proxies one is attached to, and what is attached to one (spec/api.md 2.7). Older policies change no proxy, so they are attached to none.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { Dataplane_Networking_Gateway_GatewayType as GatewayType } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { MeshGateway, MeshGatewayRoute } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { selects, type PolicyResource } from "#mesh";
import { KumaError, notFound, printMeta, type Resource } from "#resources";
import type { Inspect, ProxyPath } from "../options.ts";
import { matchedKinds, targetsOf } from "./matched.ts";
import { viewOr404, type InspectionParts } from "./parts.ts";

type OfKind = ProxyPath & { readonly type: string };
const byName = (a: Resource, b: Resource): number => (a.name < b.name ? -1 : 1);
const nameOf = ({ mesh, name }: Resource) => ({ mesh, name });

/** A policy that does not exist is attached to nothing. */
export function attachedDataplanes(parts: InspectionParts): Inspect<OfKind> {
  return ({ mesh, name, type }) => {
    const view = viewOr404(parts, mesh);
    const policy = parts.kinds.byName(type)?.policy ? view.list(type).find((it) => it.name === name) : undefined;
    const dataplanes = policy ? (view.list("Dataplane") as readonly Resource<Dataplane>[]).filter((it) => selects(policy as PolicyResource, it, targetsOf(view))) : [];
    const items = dataplanes.toSorted(byName).map((it) => ({ kind: "SidecarDataplane", dataplane: nameOf(it), attachments: [{ type: "dataplane" }] }));
    return { total: items.length, items };
  };
}

export function attachedPolicies(parts: InspectionParts): Inspect<ProxyPath> {
  return ({ mesh, name }) => {
    const view = viewOr404(parts, mesh);
    const dataplane = (view.list("Dataplane") as readonly Resource<Dataplane>[]).find((it) => it.name === name);
    if (!dataplane) throw new KumaError(notFound("Not found").failure, { attempt: "Could not get MatchedPolicies" });
    const matched = matchedKinds(parts.kinds, view, dataplane).map(({ kind, matched: { all } }) => [kind.name, all.map((it) => printMeta(kind, it, kind.name))] as const);
    const matchedPolicies = Object.fromEntries(matched.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const items = matched.length > 0 ? [{ type: "dataplane", matchedPolicies }] : [];
    return { kind: "SidecarDataplane", total: items.length, items };
  };
}

/** The builtin gateways that a MeshGateway, or a route for gateways, selects by their tags. */
export function gatewayDataplanes(parts: InspectionParts): Inspect<OfKind> {
  return ({ mesh, name, type }) => {
    const view = viewOr404(parts, mesh);
    const resource = view.list(type).find((it) => it.name === name) as Resource<MeshGateway | MeshGatewayRoute> | undefined;
    if (!resource) throw new KumaError(notFound("Not found").failure, { attempt: `Could not find ${type}` });
    const isSelected = ({ spec: { networking } }: Resource<Dataplane>) => {
      const gateway = networking?.gateway;
      if (gateway?.type !== GatewayType.BUILTIN) return false;
      return resource.spec.selectors.some(({ match }) => Object.entries(match).every(([key, value]) => gateway.tags[key] !== undefined && (value === "*" || gateway.tags[key] === value)));
    };
    const items = (view.list("Dataplane") as readonly Resource<Dataplane>[]).filter(isSelected).toSorted(byName).map((it) => ({ dataplane: nameOf(it) }));
    return { total: items.length, items };
  };
}
