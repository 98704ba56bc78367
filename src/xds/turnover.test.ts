// A change of authority waits for everybody who might refuse it, and forgets the old one only when nobody shows it any more.
import { fakeClock } from "#platform/fake";
import { meshView, type MeshView } from "#mesh";
import type { Resource } from "#resources";
import type { MeshAuthority } from "#security";
import { expect, test, vi } from "vitest";
import { certificatesIn, openTurnover, type Carried } from "./turnover.ts";

const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
const authority = (body: string): MeshAuthority => ({ caPem: pem(body), issue: () => Promise.reject(new Error("not here")) });
const [before, after] = [authority("AAAA"), authority("BBBB")];
const trusts = (...authorities: readonly MeshAuthority[]) => ({ domains: new Map([["", certificatesIn(authorities.map((it) => it.caPem).join(""))]]) });
const nothing: Carried = { view: undefined, trust: undefined, authority: undefined, spiffeId: undefined };
const resource = (type: string, name: string, spec: object): Resource => ({ type, mesh: "m", name, labels: {}, spec, creationTime: 0, modificationTime: 0, version: 1 });

function aMesh() {
  const clock = fakeClock();
  const turnover = openTurnover(clock);
  const join = (first: Carried) => {
    let now = first;
    const onChange = vi.fn();
    const member = turnover.join("m", "web", () => now, onChange);
    return { onChange, leave: () => member.leave(), uses: (next: Carried) => ((now = next), member.changed()) };
  };
  return { clock, turnover, join };
}

test("an authority is accepted once every proxy trusts it; one that trusts nobody yet stands in no way", () => {
  const { turnover, join } = aMesh();
  join(nothing);
  const slow = join({ ...nothing, trust: trusts(before) });
  expect(turnover.isAccepted("m", after, "d")).toBe(false);
  slow.uses({ ...nothing, trust: trusts(before, after) });
  expect(turnover.isAccepted("m", after, "d")).toBe(true);
});

test("those who wait are told together, soon after the last proxy has answered or left", () => {
  const { clock, turnover, join } = aMesh();
  const [waiting, slow] = [join(nothing), join({ ...nothing, trust: trusts(before) })];
  turnover.isAccepted("m", after, "d");
  slow.uses({ ...nothing, trust: trusts(before, after) });
  slow.uses({ ...nothing, trust: trusts(after) });
  clock.advance(100);
  expect(waiting.onChange).toHaveBeenCalledTimes(1);
  slow.uses({ ...nothing, trust: trusts(before) });
  turnover.isAccepted("m", after, "d");
  slow.leave();
  clock.advance(100);
  expect(waiting.onChange).toHaveBeenCalledTimes(2);
  expect(turnover.isAccepted("m", after, "d")).toBe(true);
});

test("the old authority counts until nobody has shown its certificates for a moment", () => {
  const { clock, turnover, join } = aMesh();
  const [first, second] = [join({ ...nothing, authority: before }), join({ ...nothing, authority: before })];
  first.uses({ ...nothing, authority: after });
  expect(turnover.carried("m")).toEqual(expect.arrayContaining([before, after]));
  second.uses({ ...nothing, authority: after });
  expect(turnover.carried("m")).toContain(before);
  clock.advance(2100);
  expect(first.onChange).toHaveBeenCalled();
  expect(turnover.carried("m")).toEqual([after]);
});

test("a name is known once every proxy's clusters were made with it", () => {
  const { turnover, join } = aMesh();
  const viewWith = (...ids: readonly { type: string; value: string }[]): MeshView => {
    const settings = { internalCidrs: [], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };
    return meshView({ mesh: resource("Mesh", "m", {}) as MeshView["mesh"], zone: "z", settings, lists: new Map([["MeshService", [resource("MeshService", "web", { identities: ids })]]]) });
  };
  const tag = { type: "ServiceTag", value: "web" };
  const caller = join({ ...nothing, view: viewWith(tag) });
  expect(turnover.isNamed("m", ["web"], "spiffe://d/web")).toBe(false);
  expect(turnover.isNamed("m", ["other"], "spiffe://d/web")).toBe(true);
  caller.uses({ ...nothing, view: viewWith(tag, { type: "SpiffeID", value: "spiffe://d/web" }) });
  expect(turnover.isNamed("m", ["web"], "spiffe://d/web")).toBe(true);
});

test("trust by domain counts for the domain alone", () => {
  const { turnover, join } = aMesh();
  join({ ...nothing, trust: { domains: new Map([["d", certificatesIn(after.caPem)]]) } });
  expect([turnover.isAccepted("m", after, "d"), turnover.isAccepted("m", after, "other")]).toEqual([true, false]);
});

test("a SPIFFE id counts a moment longer than it is shown, and half a minute where its proxy has left", () => {
  const { clock, turnover, join } = aMesh();
  const [onMesh, id, next] = [vi.fn(), "spiffe://d/web", "spiffe://other/web"];
  turnover.shown.follow(onMesh);
  const proxy = join({ ...nothing, spiffeId: id });
  expect(turnover.shown.of("m", "web")).toEqual([id]);
  proxy.uses({ ...nothing, spiffeId: next });
  expect(turnover.shown.of("m", "web")).toEqual([id, next]);
  clock.advance(2100);
  expect(turnover.shown.of("m", "web")).toEqual([next]);
  expect(onMesh).toHaveBeenCalledTimes(3);
  proxy.leave();
  clock.advance(29_000);
  expect(turnover.shown.of("m", "web")).toEqual([next]);
  clock.advance(1100);
  expect(turnover.shown.of("m", "web")).toEqual([]);
});
