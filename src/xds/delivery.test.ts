// Certificate delivery as a property: whatever happens to streams, requests, the control plane and its clock, no proxy keeps an expired leaf while the control plane is up.
import { fakeClock, memoryLog, seededRandom, type FakeClock } from "#platform/fake";
import type { Clock, Platform, Random } from "#platform";
import { Registry } from "prom-client";
import { createSealer, type Sealed } from "#envoy";
import { followTimeJumps } from "#platform";
import type { MeshAuthority } from "#security";
import { expect, test } from "vitest";
import { keepLeaf, type KeptLeaf } from "./certificate.ts";
import { initialDelta, nextDelta, type DeltaState } from "./delta.ts";
import { initialSotw, nextSotw, type SotwState } from "./sotw.ts";
import type { Issuer } from "./secrets.ts";
import type { Snapshot } from "./snapshot.ts";
import { typeUrl } from "./wire.ts";

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const lifeMs = 24 * hour;
const name = "identity_cert:secret:m";
/** Noticing that time has jumped, trying again after a failure, and three times over a lost answer and the way back from it. */
const allowanceMs = 10 * second + 5 * second + 3 * (15 + 10) * second;

interface Answer {
  readonly nonce: string;
  readonly secret: Sealed;
}

/** The secret side of one stream, in either variant of the protocol: requests in, answers out. */
interface Stream {
  request(kind: "first" | "ack", nonce: string, held: string | undefined): readonly Answer[];
  wanted(secret: Sealed): readonly Answer[];
}

const snapshotOf = (secret: Sealed): Snapshot => ({ clusters: [], listeners: [], endpoints: new Map(), secrets: new Map([[name, secret]]) });
const answersOf = (responses: readonly { readonly nonce: string; readonly resources: readonly Sealed[] }[]): Answer[] =>
  responses.flatMap(({ nonce, resources }) => resources.map((secret) => ({ nonce, secret })));

function sotwStream(): Stream {
  let state: SotwState = initialSotw;
  const step = (event: Parameters<typeof nextSotw>[1]) => {
    const outcome = nextSotw(state, event);
    state = outcome.state;
    return answersOf(outcome.responses);
  };
  return {
    request: (_kind, nonce) => step({ is: "request", request: { typeUrl: typeUrl.secret, names: [name], nonce, error: "" } }),
    wanted: (secret) => step({ is: "wanted", snapshot: snapshotOf(secret) }),
  };
}

function deltaStream(): Stream {
  let state: DeltaState = initialDelta;
  const step = (event: Parameters<typeof nextDelta>[1]) => {
    const outcome = nextDelta(state, event);
    state = outcome.state;
    return answersOf(outcome.responses);
  };
  return {
    request: (kind, nonce, held) =>
      step({ is: "request", request: { typeUrl: typeUrl.secret, subscribe: kind === "first" ? [name] : [], unsubscribe: [], initialVersions: held && kind === "first" ? { [name]: held } : {}, nonce, error: "" } }),
    wanted: (secret) => step({ is: "wanted", snapshot: snapshotOf(secret) }),
  };
}

interface World {
  readonly clock: FakeClock;
  readonly random: Random;
  /** How the control plane sees time; the fault of a broken renewal is planted here. */
  readonly platform: Platform;
  failures: number;
}

/** One proxy and its control plane: what Envoy holds, the stream between them, the keeper behind it. */
function simulate(world: World, isDelta: boolean) {
  const { clock, random, platform } = world;
  const sealer = createSealer();
  const ends = new Map<Sealed, number>();
  let serial = 0;
  const authority: MeshAuthority = {
    caPem: "ca",
    issue: ({ lifetimeMs, now }) => {
      if (world.failures > 0) {
        world.failures--;
        return Promise.reject(new Error("the authority is out of reach"));
      }
      serial++;
      return Promise.resolve({ certPem: `leaf ${serial}`, keyPem: "key", notBefore: now - 10 * second, notAfter: now + lifetimeMs, serial: String(serial) });
    },
  };
  const issuer: Issuer = { authority, backend: "ca-1", lifetimeMs: lifeMs, isOfIdentity: false };
  let held: Sealed | undefined;
  let isUp = false;
  let staleSince: number | undefined;
  let link: { readonly stream: Stream; readonly leaf: KeptLeaf; readonly end: () => void; loses: number } | undefined;

  const connect = () => {
    if (link || !isUp) return;
    const stream = isDelta ? deltaStream() : sotwStream();
    const deliver = (answers: readonly Answer[]) => {
      for (const { nonce, secret } of answers) {
        if (link?.stream !== stream) return;
        if (link.loses > 0) {
          // The answer is lost with the connection under it; nobody notices before the keepalive does.
          link.loses--;
          clock.after(15 * second, () => link?.stream === stream && disconnect());
          return;
        }
        held = secret;
        deliver(stream.request("ack", nonce, undefined));
      }
    };
    const wanted = { name, uris: ["spiffe://m/a"], issuer, mayWait: false };
    const leaf = keepLeaf({ turn: () => Promise.resolve(),
      platform, sealer, proxy: { mesh: "m", name: "a" },
      onIssued(identity) {
        ends.set(identity.secret, identity.expiresAt);
        deliver(stream.wanted(identity.secret));
      },
      onDue: () => leaf.want(wanted),
    });
    const endJumps = followTimeJumps(platform.clock, () => leaf.want(wanted));
    link = {
      stream, leaf, loses: 0,
      end() {
        endJumps();
        leaf.end();
      },
    };
    deliver(stream.request("first", "", held?.version));
    leaf.want(wanted);
  };
  const disconnect = () => {
    link?.end();
    link = undefined;
    clock.after(random.fraction() * 10 * second, connect);
  };
  const events: readonly (() => void)[] = [
    disconnect,
    () => {
      // The control plane is restarted, perhaps while a certificate is being made.
      isUp = false;
      disconnect();
      clock.after(random.fraction() * 5 * minute, () => {
        isUp = true;
        staleSince = undefined;
        connect();
      });
    },
    () => link && (link.loses = 1),
    () => (world.failures = 1),
    () => clock.jump(-hour),
    () => clock.jump(3 * 24 * hour),
    () => clock.jump(48 * hour), // the machine slept: its timers did not move
  ];
  /** Undefined while all is well, else how long an expired leaf was kept. */
  const check = (): number | undefined => {
    const isExpired = held !== undefined && clock.now() > (ends.get(held) ?? Infinity);
    if (!isUp || !isExpired) staleSince = undefined;
    else staleSince ??= steady();
    return staleSince === undefined ? undefined : steady() - staleSince;
  };
  let elapsed = 0;
  const steady = () => elapsed;
  return {
    start() {
      isUp = true;
      connect();
    },
    async step(ms: number) {
      for (let left = ms; left > 0; ) {
        const slice = Math.min(left, 5 * second);
        elapsed += slice;
        left -= slice;
        clock.advance(slice);
        for (let turn = 0; turn < 8; turn++) await Promise.resolve();
        const stale = check();
        if (stale !== undefined && stale > allowanceMs) return stale;
      }
      return undefined;
    },
    happen: () => events[Math.floor(random.fraction() * events.length)]?.(),
    holds: () => held !== undefined,
  };
}

/** Runs one seed for a week or more; how long an expired leaf was kept beyond what is allowed. */
async function run(seed: number, spoil: (clock: Clock) => Clock = (it) => it): Promise<number | undefined> {
  const clock = fakeClock();
  const random = seededRandom(seed);
  const world: World = { clock, random, platform: { clock: spoil(clock), random, log: memoryLog(), metrics: new Registry() }, failures: 0 };
  const simulation = simulate(world, seed % 2 === 0);
  simulation.start();
  for (let round = 0; round < 6; round++) {
    // Long calm, so that renewals come due, then a few things in quick succession.
    const stale = (await simulation.step(Math.floor(random.fraction() * 10 * minute))) ?? (await skip(simulation, clock, random));
    if (stale !== undefined) return stale;
    for (let event = 0; event < 3; event++) {
      simulation.happen();
      const meanwhile = await simulation.step(Math.floor(random.fraction() * 20 * second));
      if (meanwhile !== undefined) return meanwhile;
    }
    const after = await simulation.step(2 * minute);
    if (after !== undefined) return after;
  }
  return simulation.holds() ? undefined : Infinity;
}

/** A calm day: time runs, timers with it. */
async function skip(simulation: ReturnType<typeof simulate>, clock: FakeClock, random: Random): Promise<number | undefined> {
  for (let hours = Math.floor(random.fraction() * 30); hours > 0; hours--) {
    clock.advance(hour - minute);
    const stale = await simulation.step(minute);
    if (stale !== undefined) return stale;
  }
  return undefined;
}

test("over two thousand seeds no proxy keeps an expired leaf", async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= 2000; seed++) {
    const stale = await run(seed);
    if (stale !== undefined) broken.push(`seed ${seed}: kept ${stale / 1000} s`);
  }
  expect(broken).toEqual([]);
}, 120_000);

test("the same seeds notice a renewal that never comes", async () => {
  // Long waits are forgotten: what was to be renewed is not, and jumps of time are still told.
  const forgetful = (clock: Clock): Clock => ({ now: () => clock.now(), after: (delayMs, action) => (delayMs > hour ? () => {} : clock.after(delayMs, action)) });
  let noticed = 0;
  for (let seed = 1; seed <= 100; seed++) if ((await run(seed, forgetful)) !== undefined) noticed++;
  expect(noticed).toBeGreaterThan(10);
}, 60_000);

test("the same seeds notice jumps of time that nobody looks for", async () => {
  const blind = (clock: Clock): Clock => ({ now: () => clock.now(), after: (delayMs, action) => (delayMs === 10 * second ? () => {} : clock.after(delayMs, action)) });
  let noticed = 0;
  for (let seed = 1; seed <= 100; seed++) if ((await run(seed, blind)) !== undefined) noticed++;
  expect(noticed).toBeGreaterThan(10);
}, 60_000);
