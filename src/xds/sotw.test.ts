import { expect, test } from "vitest";
import type { Sealed } from "#envoy";
import type { Snapshot } from "./snapshot.ts";
import { initialSotw, nextSotw, type Outcome, type SotwEvent, type SotwState } from "./sotw.ts";
import { typeUrl } from "./wire.ts";

const sealed = (type: string, name: string, version = "1"): Sealed => ({ typeUrl: type, name, version, any: new Uint8Array(), entry: new Uint8Array() });
const cluster = (name: string, version?: string) => sealed(typeUrl.cluster, name, version);
const endpoints = (name: string) => sealed(typeUrl.endpoints, name);
const listener = (name: string, version?: string) => sealed(typeUrl.listener, name, version);
const [backendEndpoints, oldEndpoints] = [endpoints("backend"), endpoints("old")];

const snapshot = (clusters: readonly Sealed[], listeners: readonly Sealed[] = []): Snapshot => ({
  clusters, listeners, endpoints: new Map([["backend", backendEndpoints], ["old", oldEndpoints]]), secrets: new Map(),
});

const request = (type: string, nonce = "", names: readonly string[] = [], error = ""): SotwEvent => ({ is: "request", request: { typeUrl: type, names, nonce, error } });

/** Plays events; returns what the last one led to. */
function play(events: readonly SotwEvent[], from: SotwState = initialSotw): Outcome {
  return events.reduce<Outcome>((outcome, event) => nextSotw(outcome.state, event), { state: from, responses: [], acknowledged: undefined, rejected: undefined });
}

const names = (outcome: Outcome) => outcome.responses.map((it) => [it.typeUrl.split(".").at(-1), it.resources.map((resource) => resource.name)]);

test("a subscription is answered as soon as there is something to say", () => {
  expect(names(play([request(typeUrl.cluster), { is: "wanted", snapshot: snapshot([cluster("backend")]) }]))).toEqual([["Cluster", ["backend"]]]);
});

test("nothing is sent while an answer waits for its acknowledgement, then only the newest", () => {
  const first = play([request(typeUrl.cluster), { is: "wanted", snapshot: snapshot([cluster("backend", "1")]) }]);
  const second = play([{ is: "wanted", snapshot: snapshot([cluster("backend", "2")]) }, { is: "wanted", snapshot: snapshot([cluster("backend", "3")]) }], first.state);
  expect(second.responses).toEqual([]);
  expect(play([request(typeUrl.cluster, "1")], second.state).responses[0]?.resources[0]?.version).toBe("3");
});

test("listeners wait for clusters that an answer in flight keeps back", () => {
  const before = play([request(typeUrl.cluster), request(typeUrl.listener), { is: "wanted", snapshot: snapshot([cluster("a")], [listener("l", "1")]) }, request(typeUrl.listener, "2")]);
  const more = play([{ is: "wanted", snapshot: snapshot([cluster("a"), cluster("b")], [listener("l", "2")]) }], before.state);
  expect(more.responses).toEqual([]);
  expect(names(play([request(typeUrl.cluster, "1")], more.state))).toEqual([["Cluster", ["a", "b"]], ["Listener", ["l"]]]);
});

test("an acknowledgement of an older answer is ignored", () => {
  const state = play([request(typeUrl.cluster), { is: "wanted", snapshot: snapshot([cluster("backend")]) }]).state;
  expect(play([request(typeUrl.cluster, "0")], state).acknowledged).toBeUndefined();
});

test("a refused configuration is reported and not sent again until it changes", () => {
  const state = play([request(typeUrl.cluster), { is: "wanted", snapshot: snapshot([cluster("backend")]) }]).state;
  const refused = play([request(typeUrl.cluster, "1", [], "bad cluster")], state);
  expect(refused.rejected).toEqual({ typeUrl: typeUrl.cluster, reason: "bad cluster" });
  expect(refused.responses).toEqual([]);
  expect(names(play([{ is: "wanted", snapshot: snapshot([cluster("backend", "2")]) }], refused.state))).toEqual([["Cluster", ["backend"]]]);
});

test("a changed cluster brings its endpoints again, even when an earlier answer with them is still in flight", () => {
  const state = play([request(typeUrl.cluster), { is: "wanted", snapshot: snapshot([cluster("backend")]) }, request(typeUrl.cluster, "1"), request(typeUrl.endpoints, "", ["backend"])]).state;
  const changed = play([{ is: "wanted", snapshot: snapshot([cluster("backend", "2")]) }], state);
  expect(names(changed)).toEqual([["Cluster", ["backend"]]]);
  expect(names(play([request(typeUrl.endpoints, "2", ["backend"])], changed.state))).toEqual([["ClusterLoadAssignment", ["backend"]]]);
});

test("a cluster that is not wanted any more stays until the listeners have moved on", () => {
  const before = play([
    request(typeUrl.cluster), request(typeUrl.listener), { is: "wanted", snapshot: snapshot([cluster("old")], [listener("out", "1")]) },
    request(typeUrl.cluster, "1"), request(typeUrl.listener, "2"),
  ]).state;
  const moved = play([{ is: "wanted", snapshot: snapshot([cluster("backend")], [listener("out", "2")]) }], before);
  expect(names(moved)).toEqual([["Cluster", ["backend", "old"]], ["Listener", ["out"]]]);
  const settled = play([request(typeUrl.cluster, "3"), request(typeUrl.listener, "4")], moved.state);
  expect(names(settled)).toEqual([["Cluster", ["backend"]]]);
});

test("a changed cluster brings its own endpoints again, not those of others", () => {
  const other = cluster("old");
  const state = play([
    request(typeUrl.cluster), { is: "wanted", snapshot: snapshot([cluster("backend"), other]) }, request(typeUrl.cluster, "1"), request(typeUrl.endpoints, "", ["backend", "old"]), request(typeUrl.endpoints, "2", ["backend", "old"]),
  ]).state;
  expect(names(play([{ is: "wanted", snapshot: snapshot([cluster("backend", "2"), other]) }], state))).toEqual([["Cluster", ["backend", "old"]], ["ClusterLoadAssignment", ["backend"]]]);
});

test("of many endpoints those that changed are sent; a service that is gone sends nothing", () => {
  const old = endpoints("old");
  const at = (more: readonly (readonly [string, Sealed])[]): SotwEvent => ({ is: "wanted", snapshot: { clusters: [], listeners: [], endpoints: new Map([["backend", backendEndpoints], ...more]), secrets: new Map() } });
  const state = play([request(typeUrl.endpoints, "", ["backend", "old"]), at([["old", old]]), request(typeUrl.endpoints, "1", ["backend", "old"])]).state;
  const moved = play([at([["old", endpoints("old")]])], state);
  expect(names(moved)).toEqual([["ClusterLoadAssignment", ["old"]]]);
  const gone = play([request(typeUrl.endpoints, "2", ["backend", "old"]), at([])], moved.state);
  expect(gone.responses).toEqual([]);
  expect(names(play([at([["old", old]])], gone.state))).toEqual([["ClusterLoadAssignment", ["old"]]]);
});

test("names that are asked for later are answered, those before need no answer", () => {
  const state = play([request(typeUrl.endpoints, "", ["backend"]), { is: "wanted", snapshot: snapshot([]) }, request(typeUrl.endpoints, "1", ["backend"])]).state;
  expect(names(play([request(typeUrl.endpoints, "1", ["backend", "old"])], state))).toEqual([["ClusterLoadAssignment", ["old"]]]);
});

test("an equal snapshot sends nothing", () => {
  const same = cluster("backend");
  const state = play([request(typeUrl.cluster), { is: "wanted", snapshot: snapshot([same]) }, request(typeUrl.cluster, "1")]).state;
  expect(play([{ is: "wanted", snapshot: snapshot([same]) }], state).responses).toEqual([]);
});
