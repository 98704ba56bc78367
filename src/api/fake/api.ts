// An API of this process for tests: over a store in memory, asked without a socket.
import { fakePlatform } from "#platform/fake";
import { kindsOf, type Place } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { builtinBackend, openWriteDoor, type Access } from "#write";
import { createApi, type ApiOptions } from "../index.ts";

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };

type Headers = Readonly<Record<string, string>>;

export function anApi(more: Partial<ApiOptions> = {}) {
  const platform = fakePlatform();
  const store = memoryStore(platform);
  const kinds = kindsOf(coreKinds);
  const access: Access = more.access ?? { check: () => {} };
  const certificateBackends = new Map([["builtin", builtinBackend]]);
  const door = openWriteDoor({ store, kinds, place, access, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: false, certificateBackends, isZoneOnline: () => false });
  const about = { hostname: "h", instanceId: "i", version: "2.14.3", gui: "/gui", clusterId: () => "c", config: () => ({ mode: "zone" }) };
  const tokens = { defaultValidForMs: 3_600_000, mayIssue: () => {}, dataplane: async () => "dp-token", zone: async () => "zone-token" };
  const options: ApiOptions = { store, door, kinds, place, access, isApiReadOnly: false, log: platform.log, clock: platform.clock, authenticate: () => ({ name: "alice", groups: ["devs"] }), about, tokens, ...more };
  const app = createApi(options);
  const get = (url: string, headers: Headers = {}) => app.inject({ method: "GET", url, headers });
  const put = (url: string, payload: string | object, headers: Headers = {}) => app.inject({ method: "PUT", url, payload, headers: { "content-type": "application/json", ...headers } });
  const remove = (url: string, headers: Headers = {}) => app.inject({ method: "DELETE", url, headers });
  const mesh = (name: string) => put(`/meshes/${name}`, { type: "Mesh", name });
  return { app, store, door, platform, get, put, remove, mesh };
}
