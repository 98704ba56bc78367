// Which change of a policy makes a listener anew.
import { expect, test } from "vitest";
import type { OutboundConf, TargetPlan } from "#mesh";
import { keyMaker } from "./keys.ts";
import type { EnvoyPolicy } from "./policy.ts";

const policies: readonly EnvoyPolicy[] = [
  { kind: "Clusters", outboundCluster() {} },
  { kind: "Both", outboundCluster() {}, outboundListener() {}, listenerPart: ({ value }) => ({ shown: (value as { readonly shown: number }).shown }) },
  { kind: "Listeners", outboundRoute() {} },
];
const destination = { is: "service" };
const target = (confs: Readonly<Record<string, unknown>>) =>
  ({ destination, confs: new Map(Object.entries(confs).map(([kind, value]): [string, OutboundConf] => [kind, { value }])), traffic: { is: "tcp", backends: [] }, clusters: [] }) as unknown as TargetPlan;

test("what is said of clusters alone makes no listener anew; all else does", () => {
  const keys = keyMaker(policies);
  const key = (confs: Readonly<Record<string, unknown>>) => keys.target(target(confs));
  expect(key({ Clusters: { limit: 1 } })).toBe(key({ Clusters: { limit: 2 } }));
  expect(key({ Both: { shown: 1, hidden: 1 } })).toBe(key({ Both: { shown: 1, hidden: 2 } }));
  expect(key({ Both: { shown: 1 } })).not.toBe(key({ Both: { shown: 2 } }));
  expect(key({ Both: { shown: 1 } })).not.toBe(key({}));
  expect(key({ Listeners: { a: 1 } })).not.toBe(key({ Listeners: { a: 2 } }));
  expect(key({ unheardOf: { a: 1 } })).not.toBe(key({ unheardOf: { a: 2 } }));
});
