// What a Mesh gets when its author left it out: the settings of Prometheus backends.
import { clone, type JsonObject } from "@bufbuild/protobuf";
import { MeshSchema, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { tag } from "../../resource.ts";

export function completeMesh(mesh: Mesh): Mesh {
  if (!mesh.metrics?.backends.some((it) => it.type === "prometheus")) return mesh;
  const completed = clone(MeshSchema, mesh);
  for (const backend of completed.metrics?.backends ?? []) if (backend.type === "prometheus") backend.conf = completeConf(backend.conf ?? {});
  return completed;
}

function completeConf(conf: JsonObject): JsonObject {
  return {
    ...conf,
    port: conf["port"] || 5670,
    path: conf["path"] || "/metrics",
    tags: conf["tags"] ?? { [tag.service]: "dataplane-metrics" },
    // The zero value of the mode, `activeMTLSBackend`, is not written out.
    tls: conf["tls"] ?? (conf["skipMTLS"] === true ? { mode: "disabled" } : {}),
  };
}
