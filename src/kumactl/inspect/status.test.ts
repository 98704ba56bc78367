// Online, partially degraded, offline.
import { expect, test } from "vitest";
import { dataplaneStatus, streamColumns } from "./status.ts";

const connected = { subscriptions: [{ connectTime: "2026-01-01T00:00:00Z", status: { lastUpdateTime: "2026-01-01T00:01:00Z", total: { responsesSent: "3", responsesRejected: "1" } } }] };
const gone = { subscriptions: [{ connectTime: "2026-01-01T00:00:00Z", disconnectTime: "2026-01-01T01:00:00Z" }] };
const inbound = (port: number, state?: string) => ({ port, tags: { "kuma.io/service": "web" }, ...(state ? { state } : {}) });
const proxy = (...inbounds: object[]) => ({ networking: { inbound: inbounds } });
const statusOf = (...inbounds: object[]) => dataplaneStatus(proxy(...inbounds), connected).text;

test("a connected proxy with ready inbounds is online", () => expect(statusOf(inbound(1), inbound(2, "Ready"))).toBe("Online"));
test("some inbounds not ready: partially degraded", () => expect(statusOf(inbound(1), inbound(2, "NotReady"))).toBe("Partially degraded"));
test("no inbound ready: offline", () => expect(statusOf(inbound(1, "NotReady"))).toBe("Offline"));
test("nobody waits for an ignored inbound", () => expect(statusOf(inbound(1, "Ignored"))).toBe("Online"));
test("health of older control planes counts", () => expect(statusOf({ port: 1, health: {} })).toBe("Offline"));
test("a proxy whose stream ended is offline", () => expect(dataplaneStatus(proxy(inbound(1)), gone).text).toBe("Offline"));
test("a gateway needs no inbounds", () => expect(dataplaneStatus({ networking: { gateway: { tags: {} } } }, connected).text).toBe("Online"));

test("what is not ready is noted", () => {
  expect(dataplaneStatus(proxy(inbound(81, "NotReady")), connected).notes).toEqual(["inbound[port=81,svc=web] is not ready"]);
});

test("updates and errors of all streams are added up", () => {
  const twice = { subscriptions: [...connected.subscriptions, ...connected.subscriptions] };
  expect(streamColumns(twice, Date.parse("2026-01-01T00:02:00Z"))).toEqual(["2m", "1m", "6", "2"]);
});
