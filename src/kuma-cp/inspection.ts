// What people may look at: plans as pages, with the same rights as the configuration dumps of Envoy.
import { create } from "@bufbuild/protobuf";
import { createInspection, type Inspection } from "#api";
import type { Pipeline } from "#envoy";
import { NodeSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import type { DataplaneInsight } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Planner, Proxy } from "#mesh";
import type { ProxyStatus } from "#insights";
import { KumaError, notFound, type Kinds, type Resource } from "#resources";
import type { Access } from "#security";
import type { Store } from "#store";
import { parseNode, trustOf, type AuthoritySource, type Meshes } from "#xds";

interface Parts {
  readonly planner: Planner;
  readonly pipeline: Pipeline;
  readonly kinds: Kinds;
  readonly store: Store;
  readonly meshes: Meshes;
  readonly authorities: AuthoritySource;
  readonly status: Pick<ProxyStatus, "refusals">;
  readonly access: Access;
}

export function openInspection({ planner, pipeline, kinds, store, meshes, authorities, status, access }: Parts): Inspection {
  /** Undefined for a Dataplane whose proxy never connected. */
  const proxyOf = (mesh: string, name: string): Proxy | undefined => {
    const dataplane = store.get({ type: "Dataplane", mesh, name }) as Resource<Dataplane> | undefined;
    const insight = store.get({ type: "DataplaneInsight", mesh, name }) as Resource<DataplaneInsight> | undefined;
    if (!dataplane || !insight) return undefined;
    const { traits } = parseNode(create(NodeSchema, { id: `${mesh}.${name}`, ...(insight.spec.metadata ? { metadata: insight.spec.metadata } : {}) }));
    return { dataplane, traits };
  };
  const inspection = createInspection({ planner, pipeline, kinds, trustOf: (view) => trustOf(view, authorities.authorityOf(view.mesh.name)?.authority.caPem ?? ""), viewOf: (mesh) => meshes.current(mesh), proxyOf });
  const { dataplaneConfig } = inspection;
  return {
    ...inspection,
    dataplaneRefusals({ mesh, name }, _query, user) {
      access.require("viewConfigDump", user);
      if (!store.get({ type: "Dataplane", mesh, name })) throw new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve a resource" });
      const refused = status.refusals({ type: "Dataplane", mesh, name });
      return { total: refused.size, items: [...refused].map(([type, reason]) => ({ type, reason })) };
    },
    ...(dataplaneConfig
      ? {
          dataplaneConfig(where, query, user) {
            access.require("viewConfigDump", user);
            return dataplaneConfig(where, query, user);
          },
        }
      : {}),
  };
}
