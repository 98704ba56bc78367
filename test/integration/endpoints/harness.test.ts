// The harness itself: a proxy that does everything right is served, by both variants of the protocol.
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringing, connectProxy, typeUrl } from "../../harness/ads.ts";
import { dataplaneResource, startTestControlPlane, until, type TestControlPlane } from "../../harness/control-plane.ts";

let cp: TestControlPlane;
beforeAll(async () => {
  cp = await startTestControlPlane();
});
afterAll(() => cp.stop());

for (const isDelta of [false, true]) {
  test(`a proxy with a good token is served ${isDelta ? "by delta" : "the state of the world"}, acknowledges and refuses`, async () => {
    const name = isDelta ? "web-delta" : "web";
    const token = await cp.token("dataplane", { mesh: "default", name });
    const proxy = connectProxy(cp, { id: `default.${name}`, token, metadata: bringing(dataplaneResource(name)), isDelta });
    proxy.subscribe(typeUrl.cluster);
    const clusters = await proxy.next();
    expect([clusters.typeUrl, clusters.size > 0]).toEqual([typeUrl.cluster, true]);
    proxy.ack(clusters);
    proxy.subscribe(typeUrl.listener);
    const listeners = await proxy.next();
    expect(listeners.typeUrl).toBe(typeUrl.listener);
    proxy.nack(listeners, "i do not like it");
    const refusals = async () => JSON.parse((await cp.get(`/meshes/default/dataplanes/${name}/_refusals`)).text) as { readonly total: number };
    await until(async () => (await refusals()).total === 1);
    expect(await refusals()).toEqual({ total: 1, items: [{ type: typeUrl.listener, reason: "i do not like it" }] });
    proxy.leave();
  });
}
