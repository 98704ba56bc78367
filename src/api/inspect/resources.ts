// Which proxies a policy or a service means, and the hostnames of a service (spec/api.md 2.7).
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { selectsDataplane, type MeshServiceResource, type PolicyResource } from "#mesh";
import { KumaError, notFound, type Resource } from "#resources";
import { pageOffset, pageSize } from "../lists.ts";
import type { Inspect, ProxyPath } from "../options.ts";
import { metaOf, selectsProxy } from "./matched.ts";
import { olderPolicyKinds, olderPolicySelects } from "./older-policies.ts";
import { viewOr404, type InspectionParts } from "./parts.ts";

type OfKind = ProxyPath & { readonly type: string };

/** `next` is the offset of the next page: the route makes an address of it. */
export function matchedDataplanes(parts: InspectionParts): Inspect<OfKind> {
  return ({ mesh, name, type }, query) => {
    const isService = type === "MeshService";
    const view = viewOr404(parts, mesh);
    const size = pageSize(query["size"], "Could not retrieve policy");
    const resource = view.list(type).find((it) => it.name === name);
    if (!resource) throw new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve policy" });
    const wanted = query["name"] ?? "";
    const kind = parts.kinds.byName(type);
    const isOlder = olderPolicyKinds(parts.kinds).includes(type);
    const means = (it: Resource<Dataplane>): boolean => {
      if (isService) return selectsDataplane(resource as MeshServiceResource, it);
      return isOlder || !kind ? olderPolicySelects(resource, it) : selectsProxy(kind, resource as PolicyResource, it, view);
    };
    const all = (view.list("Dataplane") as readonly Resource<Dataplane>[])
      .filter((it) => it.name.includes(wanted) && means(it))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const offset = pageOffset(query["offset"], "Could not retrieve policy");
    const end = offset + size;
    return { items: all.slice(offset, end).map(metaOf), total: all.length, ...(end < all.length ? { next: end } : {}) };
  };
}

/** Hostnames as they are resolved in this zone. */
export function hostnames(parts: InspectionParts): Inspect<OfKind> {
  return ({ mesh, name, type }) => {
    const view = viewOr404(parts, mesh);
    const service = view.list(type).find((it) => it.name === name) as MeshServiceResource | undefined;
    if (!service) throw new KumaError(notFound("Not found").failure, { attempt: "could not retrieve service" });
    const names = (service.status?.addresses ?? []).flatMap(({ hostname }) => (hostname ? [hostname] : []));
    const items = names.map((hostname) => ({ hostname, zones: [{ name: view.zone }] }));
    return { items: items.length > 0 ? items : null, total: items.length };
  };
}
