// Which services may be called with mTLS while a mesh still takes plain text.
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DataplaneSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { CertificateAuthorityBackend_Mode as Mode, MeshSchema, Mesh_MeshServices_Mode as ServicesMode, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Resource } from "#resources";
import { tlsReadyServices } from "./tls-readiness.ts";

const common = { labels: {}, creationTime: 0, modificationTime: 0, version: 1 };

function readyIn(mode: Mode, services: ServicesMode, proxies: Readonly<Record<string, readonly [service: string, issuedBackend?: string]>>): readonly string[] {
  const mesh: Resource<Mesh> = { ...common, type: "Mesh", mesh: "", name: "m", spec: create(MeshSchema, { meshServices: { mode: services }, mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin", mode }] } }) };
  const entries = Object.entries(proxies);
  const lists: Readonly<Record<string, readonly Resource[]>> = {
    Dataplane: entries.map(([name, [service]]) => ({ ...common, type: "Dataplane", mesh: "m", name, spec: create(DataplaneSchema, { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": service } }] } }) })),
    DataplaneInsight: entries.flatMap(([name, [, issuedBackend]]) => (issuedBackend === undefined ? [] : [{ ...common, type: "DataplaneInsight", mesh: "m", name, spec: create(DataplaneInsightSchema, { mTLS: { issuedBackend } }) }])),
  };
  return tlsReadyServices({ list: (type) => lists[type] ?? [] }, mesh);
}

const proxies = { a: ["web", "ca"], b: ["web"], c: ["api", "ca"], d: ["old", "other"] } as const;

test("a service is ready once all its proxies have certificates of the enabled authority", () => {
  expect(readyIn(Mode.PERMISSIVE, ServicesMode.Disabled, proxies)).toEqual(["api"]);
  expect(readyIn(Mode.PERMISSIVE, ServicesMode.Disabled, { ...proxies, b: ["web", "ca"] })).toEqual(["api", "web"]);
});
test("nobody asks where plain text is refused, or where MeshServices say themselves whether they are ready", () => {
  expect([readyIn(Mode.STRICT, ServicesMode.Disabled, proxies), readyIn(Mode.PERMISSIVE, ServicesMode.Exclusive, proxies)]).toEqual([[], []]);
});
