// Small keys of shared resources: equal keys mean equal content, whatever proxy asks.
import { identities, memoOn, textInterner, type Inbound, type InboundConf, type OutboundConf, type ProxyTraits, type TargetPlan } from "#mesh";
import type { EnvoyPolicy } from "./policy.ts";

export interface KeyMaker {
  idOf(value: object | undefined): number;
  confs(confs: ReadonlyMap<string, OutboundConf | InboundConf>): string;
  /** Everything of a target that its listener is made of: what a policy says of clusters alone makes no listener anew. */
  target(target: TargetPlan): string;
  inbound(inbound: Inbound): string;
}

export function keyMaker(policies: readonly EnvoyPolicy[]): KeyMaker {
  const idOf = identities();
  const internPart = textInterner((text: string) => ({ text }), (text) => text);
  const parts = new Map(policies.map((policy) => [policy.kind, partReader(policy, internPart)]));
  const partOf = (kind: string, conf: OutboundConf): object | undefined => (parts.get(kind) ?? whole)(conf);
  const targets = new WeakMap<TargetPlan, string>();
  const inbounds = new WeakMap<Inbound, string>();
  const confs = (map: ReadonlyMap<string, OutboundConf | InboundConf>): string => [...map.values()].map(idOf).join(",");
  const listenerConfs = (map: ReadonlyMap<string, OutboundConf>): string => [...map].map(([kind, conf]) => idOf(partOf(kind, conf))).join(",");
  const remembered = <T extends object>(known: WeakMap<T, string>, value: T, make: () => string): string => {
    const key = known.get(value) ?? make();
    known.set(value, key);
    return key;
  };
  return {
    idOf,
    confs,
    target: (target) =>
      remembered(targets, target, () => {
        const traffic =
          target.traffic.is === "tcp"
            ? target.traffic.backends.map((it) => `${idOf(it.destination)}*${it.weight}`).join(",")
            : target.traffic.routes.map(({ route, confs: its, ownConfs }) => `${JSON.stringify(route, destinationIds(idOf))}[${listenerConfs(its)} ${confs(ownConfs)}]`).join(",");
        return `${idOf(target.destination)} ${listenerConfs(target.confs)} ${target.traffic.is} ${traffic}`;
      }),
    inbound: (inbound) => remembered(inbounds, inbound, () => JSON.stringify(inbound)),
  };
}

const whole = (conf: OutboundConf): object => conf;

/** What listeners are made of of a policy's confs. */
function partReader(policy: EnvoyPolicy, intern: (text: string) => object): (conf: OutboundConf) => object | undefined {
  const { kind, listenerPart } = policy;
  if (!policy.outboundListener && !policy.outboundRoute) return () => undefined;
  return listenerPart ? memoOn((conf) => intern(`${kind} ${JSON.stringify(listenerPart(conf))}`)) : whole;
}

/** Destinations are objects that refer to whole resources: in a key their number stands for them. */
const destinationIds = (idOf: (value: object) => number) => (name: string, value: unknown) =>
  name === "source" ? undefined : (name === "destination" || name === "backend") && typeof value === "object" && value !== null ? idOf(value) : value;

/** Abilities of a proxy that change what a shared resource looks like. */
export const traitsKey = (traits: ProxyTraits, isUnified: boolean): string => (isUnified ? keysOfTraits(traits).unified : keysOfTraits(traits).legacy);

const keysOfTraits = memoOn(({ ipv6, transparentProxy, features }: ProxyTraits) => {
  const key = `${ipv6 ? "6" : "4"}${transparentProxy ? "t" : "-"}${features.has("feature-bind-outbounds") ? "b" : "-"}${features.has("feature-reuse-port") ? "r" : "-"}`;
  return { unified: `u${key}`, legacy: `l${key}` };
});

/** Results that hang on an object and a short word: the fast way past a long key. Forgotten with the object. */
export interface Shared {
  of<T extends object>(owner: object, word: string, make: () => T): T;
}

export function sharedResults(): Shared {
  const known = new WeakMap<object, Map<string, object>>();
  return {
    of<T extends object>(owner: object, word: string, make: () => T): T {
      let its = known.get(owner);
      if (!its) {
        its = new Map();
        known.set(owner, its);
      }
      let result = its.get(word);
      if (!result) {
        result = make();
        its.set(word, result);
      }
      return result as T;
    },
  };
}
