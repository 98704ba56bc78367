// The older pages about policies: which proxies one is attached to, and what is attached to one (spec/api.md 2.7).
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { MeshGateway, MeshGatewayRoute } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import type { PolicyResource } from "#mesh";
import { KumaError, notFound, printMeta, type Labels, type Resource } from "#resources";
import type { Inspect, ProxyPath } from "../options.ts";
import { gatewayAttachments, gatewayPolicies } from "./gateway-attachments.ts";
import { listenerTags } from "./gateway-routes.ts";
import { fitsTags, isBuiltinGateway, matchedKinds, selectsProxy } from "./matched.ts";
import { olderAttachments, olderPolicyKinds } from "./older-policies.ts";
import { viewOr404, type InspectionParts } from "./parts.ts";

type OfKind = ProxyPath & { readonly type: string };
const byName = (a: Resource, b: Resource): number => (a.name < b.name ? -1 : 1);
const nameOf = ({ mesh, name }: Resource) => ({ mesh, name });

/** A policy that does not exist is attached to nothing. */
export function attachedDataplanes(parts: InspectionParts): Inspect<OfKind> {
  return ({ mesh, name, type }) => {
    const view = viewOr404(parts, mesh);
    const policy = view.list(type).find((it) => it.name === name);
    const kind = parts.kinds.byName(type);
    if (!policy || !kind) return { total: 0, items: [] };
    const isOlder = olderPolicyKinds(parts.kinds).includes(type);
    const items = (view.list("Dataplane") as readonly Resource<Dataplane>[]).toSorted(byName).flatMap((dataplane) => {
      if (isBuiltinGateway(dataplane)) return isOlder ? gatewayAttachments(view, dataplane, policy) : [];
      const older = isOlder ? olderAttachments(parts, view, dataplane).filter((it) => it.policies.includes(policy)).map((it) => it.attachment) : [];
      const attachments = isOlder ? older : selectsProxy(kind, policy as PolicyResource, dataplane, view) ? [{ type: "dataplane" }] : [];
      return attachments.length > 0 ? [{ kind: "SidecarDataplane", dataplane: nameOf(dataplane), attachments }] : [];
    });
    return { total: items.length, items };
  };
}

export function attachedPolicies(parts: InspectionParts): Inspect<ProxyPath> {
  return ({ mesh, name }) => {
    const view = viewOr404(parts, mesh);
    const dataplane = (view.list("Dataplane") as readonly Resource<Dataplane>[]).find((it) => it.name === name);
    if (!dataplane) throw new KumaError(notFound("Not found").failure, { attempt: "Could not get MatchedPolicies" });
    if (isBuiltinGateway(dataplane)) return gatewayPolicies(parts, view, dataplane);
    const print = (policies: readonly Resource[]) =>
      Object.fromEntries(
        [...Map.groupBy(policies, (it) => it.type)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([type, list]) => {
          const kind = parts.kinds.byName(type);
          return [type, kind ? list.map((it) => printMeta(kind, it, type)) : []];
        }),
      );
    const newer = matchedKinds(parts.kinds, view, dataplane).flatMap(({ matched: { all } }) => all);
    const [first, ...others] = olderAttachments(parts, view, dataplane);
    const ofProxy = first?.attachment.type === "dataplane" ? first.policies : [];
    const rest = ofProxy.length > 0 || !first ? others : [first, ...others];
    const whole = [...newer, ...ofProxy];
    const items = [...(whole.length > 0 ? [{ type: "dataplane", matchedPolicies: print(whole) }] : []), ...rest.map((it) => ({ ...it.attachment, matchedPolicies: print(it.policies) }))];
    return { kind: "SidecarDataplane", total: items.length, items };
  };
}

/** The builtin gateways that a MeshGateway, or a route for gateways, selects by their tags. */
export function gatewayDataplanes(parts: InspectionParts): Inspect<OfKind> {
  return ({ mesh, name, type }) => {
    const view = viewOr404(parts, mesh);
    const resource = view.list(type).find((it) => it.name === name) as Resource<MeshGateway | MeshGatewayRoute> | undefined;
    if (!resource) throw new KumaError(notFound("Not found").failure, { attempt: `Could not find ${type}` });
    // A MeshGateway selects by the tags of the proxy, a route by those of its listeners.
    const tagSets = (it: Resource<Dataplane>): readonly Labels[] => (type === "MeshGateway" ? [it.spec.networking?.gateway?.tags ?? {}] : listenerTags(view, it));
    const isSelected = (it: Resource<Dataplane>) => isBuiltinGateway(it) && tagSets(it).some((tags) => resource.spec.selectors.some(({ match }) => fitsTags(match, tags)));
    const items = (view.list("Dataplane") as readonly Resource<Dataplane>[]).filter(isSelected).toSorted(byName).map((it) => ({ dataplane: nameOf(it) }));
    return { total: items.length, items };
  };
}
