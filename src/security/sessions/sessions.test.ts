// A session lives exactly as long as its credential.
import { fakeClock } from "#platform/fake";
import { expect, test } from "vitest";
import { createSessions, type CredentialFacts } from "./sessions.ts";

function setUp(facts: Partial<CredentialFacts> = {}) {
  const clock = fakeClock();
  const sessions = createSessions(clock);
  const closed: string[] = [];
  const forget = sessions.add({ facts: { kind: "dataplane", jti: "a", kid: "1", mesh: "default", ...facts }, close: (reason) => closed.push(reason) });
  return { clock, sessions, closed, forget };
}

test("reaching exp closes the session, once", () => {
  const { clock, sessions, closed } = setUp({ exp: Date.UTC(2026, 0, 1) / 1000 + 60 });
  clock.advance(59_999);
  expect(closed).toEqual([]);
  clock.advance(100_000);
  sessions.revalidate(() => "again");
  expect(closed).toEqual(["token is expired"]);
  expect(sessions.size).toBe(0);
});

test("a machine that slept past exp closes the session when it wakes", () => {
  const { clock, closed } = setUp({ exp: Date.UTC(2026, 0, 3) / 1000 });
  clock.jump(3 * 86_400_000);
  clock.advance(10_000);
  clock.advance(1);
  expect(closed).toEqual(["token is expired"]);
});

test("a clock that was set back leaves the session until its end by that clock", () => {
  const { clock, closed } = setUp({ exp: Date.UTC(2026, 0, 1) / 1000 + 7200 });
  clock.jump(-3_600_000);
  clock.advance(7_201_000);
  expect(closed).toEqual([]);
  clock.advance(3_600_000);
  expect(closed).toEqual(["token is expired"]);
});

test("revalidation closes those with a reason and no others", () => {
  const { sessions, closed } = setUp();
  sessions.add({ facts: { kind: "dataplane", jti: "b" }, close: () => closed.push("wrong") });
  sessions.revalidate((facts) => (facts.jti === "a" ? "token is revoked" : undefined));
  expect(closed).toEqual(["token is revoked"]);
  expect(sessions.size).toBe(1);
});

test("a forgotten session is not closed any more", () => {
  const { clock, sessions, closed, forget } = setUp({ exp: Date.UTC(2026, 0, 1) / 1000 + 60 });
  forget();
  clock.advance(100_000);
  sessions.revalidate(() => "x");
  expect(closed).toEqual([]);
});
