// State-of-the-world ADS as a pure reducer: what the proxy has, what it should have, what to send next.
import type { Sealed } from "#envoy";
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
  /** Sent and not yet acknowledged. At most one: the proxy sets the pace. */
  readonly inFlight: { readonly nonce: string; readonly resources: readonly Sealed[] } | undefined;
  /** What the proxy was sent last, acknowledged or refused. Undefined before the first answer. */
  readonly last: readonly Sealed[] | undefined;
  /** True when the last answer must be repeated although it would be the same. */
  readonly mustRepeat: boolean;
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
    return flush({ ...state, wanted: event.snapshot, lingering }, undefined, undefined);
  }
  return onRequest(state, event.request);
}

/** Clusters the proxy has or is being sent that are not in the new set. */
function noLongerWanted({ types }: SotwState, clusters: readonly Sealed[]): readonly Sealed[] {
  const its = types.get(typeUrl.cluster);
  const before = its?.inFlight?.resources ?? its?.last ?? [];
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
    mustRepeat: (before?.mustRepeat ?? false) || (before !== undefined && before.last !== undefined && !isWildcard(request.typeUrl) && [...names].some((name) => !before.names.has(name))),
    nonce: before?.nonce ?? "",
  };
  const types = new Map(state.types).set(request.typeUrl, after);
  const rejected = answers && request.error ? { typeUrl: request.typeUrl, reason: request.error } : undefined;
  return flush({ ...state, types }, answers && !rejected ? request.typeUrl : undefined, rejected);
}

/** Sends, in order, every type that differs from what the proxy has and has nothing in flight. */
function flush(state: SotwState, acknowledged: string | undefined, rejected: Outcome["rejected"]): Outcome {
  const { wanted } = state;
  if (!wanted) return { state, responses: [], acknowledged, rejected };
  const types = new Map(state.types);
  const responses: SotwResponse[] = [];
  let { counter, lingering } = state;
  const listeners = types.get(typeUrl.listener);
  // Once the new listeners are in use, what only the old ones needed can go.
  if (!listeners || (!listeners.inFlight && listeners.last && isSame(listeners.last, wanted.listeners))) lingering = [];
  for (const type of sendOrder) {
    const its = types.get(type);
    if (!its || its.inFlight) continue;
    const resources = type === typeUrl.cluster ? withLingering(wanted.clusters, lingering) : select(wanted, type, its.names);
    if (its.last !== undefined && !its.mustRepeat && isSame(its.last, resources)) {
      // Equal in content: remember the newer list, so that comparing by identity works from here on.
      types.set(type, { ...its, last: resources });
      continue;
    }
    if (!isWildcard(type) && its.names.size > 0 && resources.length === 0) continue; // nothing known yet: the proxy waits
    counter++;
    const nonce = String(counter);
    responses.push({ typeUrl: type, version: nonce, nonce, resources });
    types.set(type, { ...its, inFlight: { nonce, resources }, mustRepeat: false, nonce });
    // Envoy warms a changed cluster anew and waits for its endpoints, even when they are as before (spec/dataplane.md 0.6).
    const endpoints = types.get(typeUrl.endpoints);
    if (type === typeUrl.cluster && (endpoints?.last !== undefined || endpoints?.inFlight)) types.set(typeUrl.endpoints, { ...endpoints, mustRepeat: true });
  }
  return { state: { ...state, types, counter, lingering }, responses, acknowledged, rejected };
}

function withLingering(clusters: readonly Sealed[], lingering: readonly Sealed[]): readonly Sealed[] {
  return lingering.length === 0 ? clusters : [...clusters, ...lingering];
}

function isSame(a: readonly Sealed[], b: readonly Sealed[]): boolean {
  return a === b || (a.length === b.length && a.every((it, at) => it === b[at]));
}
