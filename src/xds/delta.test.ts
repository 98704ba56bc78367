import { expect, test } from "vitest";
import type { Sealed } from "#envoy";
import { initialDelta, nextDelta, type DeltaEvent, type DeltaOutcome, type DeltaState } from "./delta.ts";
import type { Snapshot } from "./snapshot.ts";
import { typeUrl } from "./wire.ts";

const sealed = (type: string, name: string, version = "1"): Sealed => ({ typeUrl: type, name, version, any: new Uint8Array(), entry: new Uint8Array() });
const cluster = (name: string, version?: string) => sealed(typeUrl.cluster, name, version);

const snapshot = (clusters: readonly Sealed[]): Snapshot => ({ clusters, listeners: [], endpoints: new Map(clusters.map((it) => [it.name, sealed(typeUrl.endpoints, it.name)])), secrets: new Map() });
const wanted = (...clusters: readonly Sealed[]): DeltaEvent => ({ is: "wanted", snapshot: snapshot(clusters) });
const request = (type: string, more: Partial<Extract<DeltaEvent, { is: "request" }>["request"]> = {}): DeltaEvent => ({
  is: "request", request: { typeUrl: type, subscribe: [], unsubscribe: [], initialVersions: {}, nonce: "", error: "", ...more },
});

const play = (events: readonly DeltaEvent[], from: DeltaState = initialDelta): DeltaOutcome =>
  events.reduce<DeltaOutcome>((outcome, event) => nextDelta(outcome.state, event), { state: from, responses: [], acknowledged: undefined, rejected: undefined });

const sent = (outcome: DeltaOutcome) => outcome.responses.map((it) => ({ changed: it.resources.map((resource) => resource.name), removed: it.removed }));

test("only what changed is sent", () => {
  const a = cluster("a");
  const state = play([request(typeUrl.cluster), wanted(a, cluster("b", "1")), request(typeUrl.cluster, { nonce: "1" })]).state;
  expect(sent(play([wanted(a, cluster("b", "2"))], state))).toEqual([{ changed: ["b"], removed: [] }]);
});

test("listeners wait for clusters that an answer in flight keeps back", () => {
  const wants = (version: string, ...clusters: readonly Sealed[]): DeltaEvent => ({ is: "wanted", snapshot: { ...snapshot(clusters), listeners: [sealed(typeUrl.listener, "l", version)] } });
  const before = play([request(typeUrl.cluster), request(typeUrl.listener), wants("1", cluster("a")), request(typeUrl.listener, { nonce: "2" })]);
  const more = play([wants("2", cluster("a"), cluster("b"))], before.state);
  expect(more.responses).toEqual([]);
  expect(sent(play([request(typeUrl.cluster, { nonce: "1" })], more.state)).map((it) => it.changed)).toEqual([["b"], ["l"]]);
});

test("what is gone is named", () => {
  const a = cluster("a");
  const state = play([request(typeUrl.cluster), wanted(a, cluster("b")), request(typeUrl.cluster, { nonce: "1" })]).state;
  expect(sent(play([wanted(a)], state))).toEqual([{ changed: [], removed: ["b"] }]);
});

test("a proxy that comes back with what it has gets the difference only", () => {
  const outcome = play([request(typeUrl.cluster, { initialVersions: { a: "1", gone: "1" } }), wanted(cluster("a", "1"), cluster("b"))]);
  expect(sent(outcome)).toEqual([{ changed: ["b"], removed: ["gone"] }]);
});

test("a refused resource is not sent again until it changes", () => {
  const state = play([request(typeUrl.cluster), wanted(cluster("a"))]).state;
  const refused = play([request(typeUrl.cluster, { nonce: "1", error: "no" })], state);
  expect(refused.rejected?.reason).toBe("no");
  expect(sent(play([wanted(cluster("a"))], refused.state))).toEqual([]);
});

test("endpoints of a changed cluster are sent again", () => {
  const state = play([
    request(typeUrl.cluster), request(typeUrl.endpoints, { subscribe: ["a"] }), wanted(cluster("a", "1")), request(typeUrl.cluster, { nonce: "1" }), request(typeUrl.endpoints, { nonce: "2" }),
  ]).state;
  expect(sent(play([wanted(cluster("a", "2"))], state))).toEqual([{ changed: ["a"], removed: [] }, { changed: ["a"], removed: [] }]);
});
