// A zone in memory for tests of controllers: a store, its door, short ways to write, a clock that is moved.
import { fakePlatform } from "#platform/fake";
import type { Part } from "#platform";
import { policyKinds } from "#policies/kinds";
import { kindsOf, type Place, type Resource } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { builtinBackend, openWriteDoor, type WriteDoor, type Writer } from "#write";
import type { ControllerParts } from "../reaction.ts";

export const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };
const user: Writer = { is: "user", user: { name: "alice", groups: [] } };

async function settled() {
  for (let turn = 0; turn < 30; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export interface InboundText {
  readonly port: number;
  readonly service: string;
  readonly protocol?: string;
  readonly name?: string;
  readonly state?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export function fakeZone() {
  const platform = fakePlatform();
  const store = memoryStore(platform);
  const opened = openWriteDoor({
    store, kinds: kindsOf([...coreKinds, ...policyKinds]), place, access: { check: () => {} }, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: true,
    certificateBackends: new Map([["builtin", builtinBackend]]), isZoneOnline: () => false,
  });
  const counts = { writes: 0 };
  const door: WriteDoor = {
    ...opened,
    update: (writer, key, change) =>
      opened.update(writer, key, (current) => {
        const next = change(current);
        if (next) counts.writes++;
        return next;
      }),
  };
  const put = async (type: string, mesh: string, name: string, body: object = {}) => {
    await door.writeDocument(user, { type, mesh, name }, () => ({ type, name, ...(mesh ? { mesh } : {}), ...body }));
    platform.clock.advance(1);
  };
  const parts: ControllerParts = { store, door, platform };
  return {
    ...parts,
    parts,
    platform,
    counts,
    put,
    mesh: (name: string, mode = "Everywhere", more: object = {}) => put("Mesh", "", name, { meshServices: { mode }, ...more }),
    dataplane: (mesh: string, name: string, inbounds: readonly InboundText[], labels: Readonly<Record<string, string>> = {}) =>
      put("Dataplane", mesh, name, {
        labels,
        networking: {
          address: "192.0.2.1",
          inbound: inbounds.map(({ service, protocol, tags, ...rest }) => ({ ...rest, tags: { "kuma.io/service": service, ...(protocol ? { "kuma.io/protocol": protocol } : {}), ...tags } })),
        },
      }),
    remove: (type: string, mesh: string, name: string) => door.remove(user, { type, mesh, name }),
    get: <S = unknown, T = unknown>(type: string, mesh: string, name: string) => store.get({ type, mesh, name }) as Resource<S, T> | undefined,
    names: (type: string, mesh: string) => store.list(type, { mesh }).map((it) => it.name),
    /** Lets changes arrive and time pass until nothing more is due within `ms`. */
    async pass(ms = 1000) {
      for (let step = 0; step < 10; step++) {
        await settled();
        platform.clock.advance(ms / 10);
      }
      await settled();
    },
    /** Runs the part; the returned function ends it. */
    run(part: Part) {
      const controller = new AbortController();
      const done = part.run(controller.signal);
      return async () => {
        controller.abort();
        await done;
      };
    },
  };
}
