// Zone proxies over ADS without Envoy: whose zone they are of, what is known of them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectProxy, typeUrl } from "../harness/ads.ts";
import { startTestControlPlane, until, type TestControlPlane } from "../harness/control-plane.ts";

let controlPlane: TestControlPlane;
let token = "";
beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  token = await controlPlane.token("zone", { zone: "default", scope: ["ingress", "egress"] });
});
afterAll(() => controlPlane.stop());

const open = (type: "ingress" | "egress", resource: { readonly name: string; readonly [field: string]: unknown }) => {
  const proxy = connectProxy(controlPlane, {
    id: `.${resource.name}`, token,
    metadata: { "dataplane.proxyType": type, "dataplane.admin.port": "9901", "dataplane.resource": JSON.stringify({ type: type === "ingress" ? "ZoneIngress" : "ZoneEgress", ...resource }) },
  });
  proxy.subscribe(typeUrl.listener);
  return proxy;
};

test("an ingress gets its admin listener and one that says who it is; an egress the first only", async () => {
  const ingress = open("ingress", { name: "zi", networking: { address: "192.0.2.1", port: 10_001 } });
  const egress = open("egress", { name: "ze", networking: { address: "192.0.2.1", port: 10_002 } });
  expect([(await ingress.next()).size, (await egress.next()).size]).toEqual([2, 1]);
  await until(async () => (await controlPlane.get("/zone-ingress-insights/zi")).status === 200 && (await controlPlane.get("/zoneegressinsights/ze")).status === 200);
  ingress.leave();
  egress.leave();
});

test("a proxy that says it belongs to another zone is refused and not registered", async () => {
  const proxy = open("ingress", { name: "foreign", zone: "elsewhere", networking: { address: "192.0.2.1", port: 10_001 } });
  expect(await proxy.closed()).toMatchObject({ code: 16, message: expect.stringContaining('belongs to zone "elsewhere"') as unknown });
  expect((await controlPlane.get("/zoneingresses/foreign")).status).toBe(404);
  proxy.leave();
});
