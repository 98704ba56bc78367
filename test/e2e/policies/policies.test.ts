// Policies with real Envoys: a client's proxy calls two instances of a service.
import { createServer, request } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePorts } from "../../../demo/programs.ts";
import { until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { openPlace, type Place } from "../secure-access/proxies.ts";

const envoy = envoyPath() ?? "";
const withEnvoy = test.skipIf(envoy === "");
const host = "127.0.0.1";
const addresses = { "backend-1": "127.0.0.2", "backend-2": "127.0.0.4", web: "127.0.0.3" } as const;

let place: Place;
let outbound = 0;
let stopServices: () => void = () => {};

/** What the client gets from port `outbound` of its proxy: the status, and which instance answered. */
const call = (headers: Readonly<Record<string, string>> = {}): Promise<string> =>
  new Promise((resolve) => {
    const sent = request({ host, port: outbound, path: "/", agent: false, timeout: 5000, headers }, (response) => {
      let body = "";
      response.on("data", (bytes) => (body += String(bytes))).on("end", () => resolve(`${response.statusCode} ${body}`));
    });
    sent.on("timeout", () => sent.destroy(new Error("timeout"))).on("error", (error) => resolve(error.message)).end();
  });

const put = async (kind: string, resource: { readonly type: string; readonly name: string; readonly spec: object }) => {
  const { status, text } = await place.controlPlane.put(`/meshes/m/${kind}/${resource.name}`, { mesh: "m", ...resource });
  expect(status, text).toBeLessThan(300);
};
const statuses = async (count: number): Promise<readonly string[]> => {
  const seen: string[] = [];
  for (let at = 0; at < count; at++) seen.push((await call()).slice(0, 3));
  return seen;
};

beforeEach(async () => {
  if (envoy === "") return;
  place = await openPlace();
  const mesh = { type: "Mesh", name: "m", meshServices: { mode: "Exclusive" }, skipCreatingInitialPolicies: ["*"], mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } };
  expect((await place.controlPlane.put("/meshes/m", mesh)).status).toBeLessThan(300);
  await put("meshtrafficpermissions", { type: "MeshTrafficPermission", name: "all", spec: { rules: [{ default: { allow: [{ spiffeID: { type: "Prefix", value: "spiffe://m" } }] } }] } });
  const [inbound = 0, port = 0, ...servicePorts] = await freePorts(5);
  outbound = port;
  const servers = ["one", "two", "web"].map((name, at) => createServer((_, response) => void response.end(name)).listen(servicePorts[at], host));
  stopServices = () => void servers.map((it) => it.close());
  for (const [at, [name, address]] of Object.entries(addresses).entries()) {
    const service = name.replace(/-\d$/, "");
    const resource = {
      type: "Dataplane", mesh: "m", name,
      networking: {
        address, admin: { port: place.adminPort }, inbound: [{ port: inbound, servicePort: servicePorts[at], serviceAddress: host, tags: { "kuma.io/service": service, "kuma.io/protocol": "http" } }],
        ...(name === "web" ? { outbound: [{ port, backendRef: { kind: "MeshService", name: "backend", port: inbound } }] } : {}),
      },
    };
    place.startProxy({ resource, token: await place.controlPlane.token("dataplane", { mesh: "m", name }), envoy });
  }
  const answers = new Set<string>();
  await until(async () => answers.add(await call()).has("200 one") && answers.has("200 two"), 40_000);
}, 90_000);
afterEach(async () => {
  stopServices();
  await place?.stop();
});

withEnvoy("requests beyond a MeshRateLimit are refused with the status it says, at each instance for itself (needs Envoy)", async () => {
  const http = { requestRate: { num: 2, interval: "1h" }, onRateLimit: { status: 423, headers: { set: [{ name: "x-limited", value: "yes" }] } } };
  const rules = [{ matches: [{ spiffeID: { type: "Exact", value: "spiffe://m/nobody" } }], default: { local: { http: { requestRate: { num: 9, interval: "1h" } } } } }, { default: { local: { http } } }];
  await put("meshratelimits", { type: "MeshRateLimit", name: "few", spec: { targetRef: { kind: "Dataplane" }, rules } });
  await until(async () => (await statuses(1))[0] === "423", 20_000);
  expect(new Set(await statuses(4))).toEqual(new Set(["423"]));
}, 120_000);

withEnvoy("a MeshFaultInjection meets the callers it means, and nobody else (needs Envoy)", async () => {
  // A certificate of the Mesh names the caller's tags too, so that only the beginning is the name.
  const fault = (name: string, status: number) => ({ matches: [{ spiffeID: { type: "Prefix", value: `spiffe://m/${name}` } }], default: { http: [{ abort: { httpStatus: status, percentage: 100 } }] } });
  const inject = (...rules: object[]) => put("meshfaultinjections", { type: "MeshFaultInjection", name: "faults", spec: { targetRef: { kind: "Dataplane" }, rules } });
  await inject(fault("web", 418), fault("nobody", 503));
  await until(async () => (await statuses(4)).every((it) => it === "418"), 20_000);
  await inject(fault("nobody", 503), { default: { http: [{ abort: { httpStatus: 421, percentage: 100 } }] } });
  await until(async () => (await statuses(4)).every((it) => it === "421"), 20_000);
  await put("meshfaultinjections", { type: "MeshFaultInjection", name: "faults", spec: { targetRef: { kind: "Mesh", proxyTypes: ["Sidecar"] }, from: [{ targetRef: { kind: "MeshService", name: "web" }, default: { http: [{ abort: { httpStatus: 422, percentage: 100 } }] } }] } });
  await until(async () => (await statuses(4)).every((it) => it === "422"), 20_000);
}, 120_000);

withEnvoy("requests with the same header go to the same instance, all of them are used (needs Envoy)", async () => {
  await put("meshloadbalancingstrategies", {
    type: "MeshLoadBalancingStrategy", name: "sticky",
    spec: { to: [{ targetRef: { kind: "MeshService", name: "backend" }, default: { loadBalancer: { type: "RingHash" }, hashPolicies: [{ type: "Header", header: { name: "x-user" } }], localityAwareness: { localZone: { affinityTags: [{ key: "kuma.io/zone" }] } } } }] },
  });
  const users = Array.from({ length: 12 }, (_, at) => `user-${at}`);
  const instances = async (user: string) => new Set(await Promise.all(Array.from({ length: 6 }, () => call({ "x-user": user }))));
  await until(async () => {
    const seen = await Promise.all(users.map(instances));
    return seen.every((it) => it.size === 1) && new Set(seen.flatMap((it) => [...it])).size === 2;
  }, 20_000);
}, 120_000);

withEnvoy("a MeshProxyPatch changes what Envoy does, by value and by JSON patches (needs Envoy)", async () => {
  const answer = { match: { prefix: "/" }, directResponse: { status: 299 } };
  const appendModifications = [
    { virtualHost: { operation: "Patch", match: { origin: "inbound", name: "backend" }, jsonPatches: [{ op: "replace", path: "/routes/0", value: answer }] } },
    { cluster: { operation: "Patch", match: { origin: "outbound" }, value: "connectTimeout: 3s" } },
  ];
  await put("meshproxypatches", { type: "MeshProxyPatch", name: "patch", spec: { targetRef: { kind: "Mesh" }, default: { appendModifications } } });
  await until(async () => (await statuses(4)).every((it) => it === "299"), 20_000);
}, 120_000);
