// Incremental (delta) ADS as a pure reducer: per type, what the proxy holds and the difference to what it should hold.
import type { Sealed } from "#envoy";
import { isWildcard, select, sendOrder, type Snapshot } from "./snapshot.ts";
import { typeUrl, type DeltaResponse } from "./wire.ts";

export interface DeltaRequest {
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** What the proxy kept from an earlier stream: name to version. */
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly nonce: string;
  readonly error: string;
}

interface TypeState {
  readonly names: ReadonlySet<string>;
  readonly isWildcard: boolean;
  /** Name to version of what the proxy holds, answers in flight counted as held. */
  readonly held: ReadonlyMap<string, string>;
  /** Versions the proxy refused: not sent again until they change. */
  readonly refused: ReadonlyMap<string, string>;
  readonly inFlight: { readonly nonce: string; readonly versions: ReadonlyMap<string, string> } | undefined;
  readonly repeat: ReadonlySet<string>;
  readonly hasAnswered: boolean;
}

export interface DeltaState {
  readonly types: ReadonlyMap<string, TypeState>;
  readonly wanted: Snapshot | undefined;
  readonly counter: number;
}

export type DeltaEvent = { readonly is: "request"; readonly request: DeltaRequest } | { readonly is: "wanted"; readonly snapshot: Snapshot };

export interface DeltaOutcome {
  readonly state: DeltaState;
  readonly responses: readonly DeltaResponse[];
  readonly acknowledged: string | undefined;
  readonly rejected: { readonly typeUrl: string; readonly reason: string } | undefined;
}

export const initialDelta: DeltaState = { types: new Map(), wanted: undefined, counter: 0 };

export function nextDelta(state: DeltaState, event: DeltaEvent): DeltaOutcome {
  if (event.is === "wanted") return flush({ ...state, wanted: event.snapshot }, undefined, undefined);
  const { request } = event;
  const before = state.types.get(request.typeUrl);
  const answers = request.nonce !== "" && before?.inFlight?.nonce === request.nonce ? before.inFlight : undefined;
  const rejected = answers && request.error ? { typeUrl: request.typeUrl, reason: request.error } : undefined;
  const names = new Set(before?.names);
  const repeat = new Set(before?.repeat);
  for (const name of request.subscribe) {
    names.add(name);
    repeat.add(name); // asked for (again): the proxy wants an answer even when it has it
  }
  const held = new Map(before?.held ?? Object.entries(request.initialVersions));
  for (const name of request.unsubscribe) {
    names.delete(name);
    held.delete(name);
    repeat.delete(name);
  }
  const isFirst = before === undefined;
  const after: TypeState = {
    names,
    repeat,
    held,
    isWildcard: (before?.isWildcard ?? (isWildcard(request.typeUrl) && request.subscribe.length === 0)) || request.subscribe.includes("*"),
    refused: rejected && answers ? new Map([...(before?.refused ?? []), ...answers.versions]) : (before?.refused ?? new Map()),
    inFlight: answers ? undefined : before?.inFlight,
    hasAnswered: isFirst ? false : before.hasAnswered,
  };
  return flush({ ...state, types: new Map(state.types).set(request.typeUrl, after) }, answers && !rejected ? request.typeUrl : undefined, rejected);
}

function flush(state: DeltaState, acknowledged: string | undefined, rejected: DeltaOutcome["rejected"]): DeltaOutcome {
  const { wanted } = state;
  if (!wanted) return { state, responses: [], acknowledged, rejected };
  const types = new Map(state.types);
  const responses: DeltaResponse[] = [];
  let { counter } = state;
  // What is gone from clusters is only taken away once the listeners have moved on.
  const listeners = types.get(typeUrl.listener);
  const areListenersSettled = !listeners || (!listeners.inFlight && wanted.listeners.every((it) => listeners.held.get(it.name) === it.version || listeners.refused.get(it.name) === it.version));
  for (const type of sendOrder) {
    const its = types.get(type);
    if (!its || its.inFlight) continue;
    // Envoy refuses a listener whose clusters it has not been told of: those wait until the answer in flight lets them go.
    const clusters = types.get(typeUrl.cluster);
    if (type === typeUrl.listener && clusters?.inFlight && wanted.clusters.some((it) => !clusters.held.has(it.name) && !clusters.refused.has(it.name))) continue;
    const resources = its.isWildcard ? select(wanted, type, its.names) : select(wanted, type, its.names).filter((it) => its.names.has(it.name));
    const present = new Set(resources.map((it) => it.name));
    const changed = resources.filter((it) => (its.held.get(it.name) !== it.version && its.refused.get(it.name) !== it.version) || its.repeat.has(it.name));
    const isHeldBack = type === typeUrl.cluster && !areListenersSettled;
    const removed = isHeldBack ? [] : [...its.held.keys()].filter((name) => !present.has(name));
    if (changed.length === 0 && removed.length === 0 && (its.hasAnswered || !its.isWildcard)) continue;
    counter++;
    const nonce = String(counter);
    responses.push({ typeUrl: type, systemVersion: nonce, nonce, resources: changed, removed });
    types.set(type, sent(its, nonce, changed, removed));
    const endpoints = types.get(typeUrl.endpoints);
    if (type === typeUrl.cluster && endpoints) {
      const rewarmed = changed.map((it: Sealed) => it.name).filter((name) => endpoints.held.has(name));
      types.set(typeUrl.endpoints, { ...endpoints, repeat: new Set([...endpoints.repeat, ...rewarmed]) });
    }
  }
  return { state: { ...state, types, counter }, responses, acknowledged, rejected };
}

function sent(its: TypeState, nonce: string, changed: readonly Sealed[], removed: readonly string[]): TypeState {
  const held = new Map(its.held);
  for (const name of removed) held.delete(name);
  for (const resource of changed) held.set(resource.name, resource.version);
  const repeat = new Set(its.repeat);
  for (const resource of changed) repeat.delete(resource.name);
  return { ...its, held, repeat, hasAnswered: true, inFlight: { nonce, versions: new Map(changed.map((it) => [it.name, it.version])) } };
}
