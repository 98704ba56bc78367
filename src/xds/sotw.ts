// State-of-the-world ADS as a pure reducer: what the proxy has, what it should have, what to send next.
import type { Sealed } from "#envoy";
import { memoOnBoth } from "#mesh";
import { isWildcard, namesOf, select, sendOrder, type Snapshot } from "./snapshot.ts";
import { typeUrl, type SotwResponse } from "./wire.ts";

export interface SotwRequest {
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly nonce: string;
  /** Why the proxy refused the last answer; empty for an acknowledgement. */
  readonly error: string;
}

interface TypeState {
  readonly names: ReadonlySet<string>;
  /** Sent and not yet acknowledged, with all that the proxy has then. At most one: the proxy sets the pace. */
  readonly inFlight: { readonly nonce: string; readonly resources: readonly Sealed[] } | undefined;
  /** What the proxy has by what it was sent, acknowledged or refused. Undefined before the first answer. */
  readonly last: readonly Sealed[] | undefined;
  /** Names that are sent although the proxy has them as they are. */
  readonly repeat: ReadonlySet<string>;
  readonly nonce: string;
}

export interface SotwState {
  readonly types: ReadonlyMap<string, TypeState>;
  readonly wanted: Snapshot | undefined;
  /** Clusters that are no longer wanted, kept until no listener uses them any more. */
  readonly lingering: readonly Sealed[];
  readonly counter: number;
}

export type SotwEvent = { readonly is: "request"; readonly request: SotwRequest } | { readonly is: "wanted"; readonly snapshot: Snapshot };

export interface Outcome {
  readonly state: SotwState;
  readonly responses: readonly SotwResponse[];
  readonly acknowledged: string | undefined;
  readonly rejected: { readonly typeUrl: string; readonly reason: string } | undefined;
}

export const initialSotw: SotwState = { types: new Map(), wanted: undefined, lingering: [], counter: 0 };

export function nextSotw(state: SotwState, event: SotwEvent): Outcome {
  if (event.is === "wanted") {
    const lingering = state.wanted?.clusters === event.snapshot.clusters ? state.lingering : noLongerWanted(state, event.snapshot.clusters);
    return flush({ ...state, wanted: event.snapshot, lingering }, new Map(state.types), undefined, undefined);
  }
  return onRequest(state, event.request);
}

/** Clusters the proxy has or is being sent that are not in the new set. */
function noLongerWanted({ types }: SotwState, clusters: readonly Sealed[]): readonly Sealed[] {
  const its = types.get(typeUrl.cluster);
  const before = its?.inFlight?.resources ?? its?.last ?? [];
  if (haveSameNames(before, clusters)) return none;
  const kept = new Set(clusters.map((it) => it.name));
  return before.filter((it) => !kept.has(it.name));
}

function onRequest(state: SotwState, request: SotwRequest): Outcome {
  const before = state.types.get(request.typeUrl);
  const isStale = request.nonce !== "" && before !== undefined && request.nonce !== before.nonce;
  if (isStale) return { state, responses: [], acknowledged: undefined, rejected: undefined };
  const names = namesOf(request.names);
  const answers = before?.inFlight?.nonce === request.nonce ? before.inFlight : undefined;
  const after: TypeState = {
    names,
    inFlight: answers ? undefined : before?.inFlight,
    last: answers ? answers.resources : before?.last,
    repeat: before?.last === undefined || isWildcard(request.typeUrl) ? (before?.repeat ?? nothing) : union(before.repeat, newNames(names, before.names)),
    nonce: before?.nonce ?? "",
  };
  const types = new Map(state.types).set(request.typeUrl, after);
  const rejected = answers && request.error ? { typeUrl: request.typeUrl, reason: request.error } : undefined;
  return flush(state, types, answers && !rejected ? request.typeUrl : undefined, rejected);
}

/** Sends, in order, every type that differs from what the proxy has and has nothing in flight. `types` is the caller's no more. */
function flush(state: SotwState, types: Map<string, TypeState>, acknowledged: string | undefined, rejected: Outcome["rejected"]): Outcome {
  const { wanted } = state;
  if (!wanted) return { state: { ...state, types }, responses: [], acknowledged, rejected };
  const responses: SotwResponse[] = [];
  let { counter, lingering } = state;
  const listeners = types.get(typeUrl.listener);
  // Once the new listeners are in use, what only the old ones needed can go.
  if (!listeners || (!listeners.inFlight && listeners.last && isSame(listeners.last, wanted.listeners))) lingering = [];
  for (const type of sendOrder) {
    const its = types.get(type);
    if (!its || its.inFlight) continue;
    if (type === typeUrl.listener && awaitsClusters(types.get(typeUrl.cluster), wanted)) continue;
    const resources = type === typeUrl.cluster ? withLingering(wanted.clusters, lingering) : select(wanted, type, its.names);
    if (its.last !== undefined && its.repeat.size === 0 && isSame(its.last, resources)) {
      // Equal in content: remember the newer list, so that comparing by identity works from here on.
      if (its.last !== resources) types.set(type, { ...its, last: resources });
      continue;
    }
    if (!isWildcard(type) && its.names.size > 0 && resources.length === 0) continue; // nothing known yet: the proxy waits
    // Endpoints that are not in an answer stay as they are (xDS protocol, "SotW"): one service that moves costs its own, not those of all.
    const sent = type === typeUrl.endpoints && its.last !== undefined ? newsIn(its.last, resources, its.repeat) : resources;
    if (sent.length === 0 && resources.length > 0) {
      types.set(type, { ...its, last: resources, repeat: nothing });
      continue;
    }
    counter++;
    const nonce = String(counter);
    responses.push({ typeUrl: type, version: nonce, nonce, resources: sent });
    types.set(type, { ...its, inFlight: { nonce, resources }, repeat: nothing, nonce });
    // Envoy warms a changed cluster anew and waits for its endpoints, even when they are as before (spec/dataplane.md 0.6).
    const endpoints = types.get(typeUrl.endpoints);
    if (type === typeUrl.cluster && (endpoints?.last !== undefined || endpoints?.inFlight)) {
      const warming = changedNames(its.last ?? [], resources);
      types.set(typeUrl.endpoints, { ...endpoints, repeat: union(endpoints.repeat, warming) });
    }
  }
  return { state: { ...state, types, counter, lingering }, responses, acknowledged, rejected };
}

/** Envoy refuses a listener whose clusters it has not been told of: those wait until the answer in flight lets them go. */
function awaitsClusters(clusters: TypeState | undefined, wanted: Snapshot): boolean {
  if (!clusters?.inFlight || clusters.inFlight.resources === wanted.clusters) return false;
  const told = new Set(clusters.inFlight.resources.map((it) => it.name));
  return wanted.clusters.some((it) => !told.has(it.name));
}

function withLingering(clusters: readonly Sealed[], lingering: readonly Sealed[]): readonly Sealed[] {
  return lingering.length === 0 ? clusters : [...clusters, ...lingering];
}

const none: readonly Sealed[] = [];
const nothing: ReadonlySet<string> = new Set();

const union = (names: ReadonlySet<string>, more: readonly string[]): ReadonlySet<string> => (more.length === 0 ? names : new Set([...names, ...more]));

const newNames = (names: ReadonlySet<string>, before: ReadonlySet<string>): readonly string[] => (names === before ? [] : [...names].filter((name) => !before.has(name)));

/** What of `resources` is new to who has `last`, and what is to be repeated; the list itself when that is all of it. */
function newsIn(last: readonly Sealed[], resources: readonly Sealed[], repeat: ReadonlySet<string>): readonly Sealed[] {
  const news = changedSince(last, resources);
  if (repeat.size === 0 || news.length === resources.length) return news;
  const known = new Set(news);
  const all = resources.filter((it) => known.has(it) || repeat.has(it.name));
  return all.length === resources.length ? resources : all;
}

/** Proxies with the same endpoints before and after are sent the same list. */
const changedSince = memoOnBoth((last: readonly Sealed[], resources: readonly Sealed[]): readonly Sealed[] => {
  const before = new Set(last);
  const changed = resources.filter((it) => !before.has(it));
  return changed.length === resources.length ? resources : changed;
});

/** The same by name alone: of lists that hardly two proxies have in common. */
function changedNames(last: readonly Sealed[], resources: readonly Sealed[]): readonly string[] {
  const before = haveSameNames(last, resources) ? undefined : new Set(last);
  return resources.filter((it, at) => (before ? !before.has(it) : it !== last[at])).map((it) => it.name);
}

/** In the same order. */
const haveSameNames = (a: readonly Sealed[], b: readonly Sealed[]): boolean => a.length === b.length && a.every((it, at) => it.name === b[at]?.name);

function isSame(a: readonly Sealed[], b: readonly Sealed[]): boolean {
  return a === b || (a.length === b.length && a.every((it, at) => it === b[at]));
}
