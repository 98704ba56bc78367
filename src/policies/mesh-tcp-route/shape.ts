// MeshTCPRoute shapes the plan: the weighted backends of a destination that is spoken to in bytes.
import type { RouteShaper } from "#mesh";
import type { TcpRouteRule } from "./kind.ts";

export const meshTCPRouteShape: RouteShaper = {
  kind: "MeshTCPRoute",
  tcp(conf, context) {
    const refs = (conf as TcpRouteRule | undefined)?.default?.backendRefs;
    if (!refs || refs.length === 0) return [{ destination: context.destination, weight: 1 }];
    return refs.flatMap((ref) => {
      const backend = context.resolve(ref);
      return backend ? [{ destination: backend, weight: ref.weight ?? 1 }] : [];
    }).filter((it) => it.weight > 0);
  },
};
