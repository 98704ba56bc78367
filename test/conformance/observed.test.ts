// What was observed at the reference, asked of a whole control plane of ours: bodies of every kind that are refused, and requests on every route.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kindsOf, type Kind } from "#resources";
import { policyKinds } from "#policies/kinds";
import { coreKinds } from "#resources/kinds";
import { startTestControlPlane, type TestControlPlane } from "../harness/control-plane.ts";
import { changed, errorOf, observedKinds, observedRequests, type ObservedKind } from "./observed.ts";

const kinds = kindsOf([...coreKinds, ...policyKinds]);
const files = observedKinds();

let controlPlane: TestControlPlane;
beforeAll(async () => void (controlPlane = await startTestControlPlane()));
afterAll(() => controlPlane.stop());

function pathOf({ type, mesh, name }: ObservedKind["accepted"]): string {
  const kind = kinds.byName(type) ?? expect.unreachable(`no kind ${type}`);
  return kind.scope === "Mesh" ? `/meshes/${mesh}/${kind.path}/${name}` : `/${kind.path}/${name}`;
}

test("every kind that can be written was observed, with three refusals at least", () => {
  const isWritten = (kind: Kind) => kind.path !== "" && !kind.readOnly;
  const observed = new Map(files.map(([, list]) => [list[0]?.accepted.type, list.flatMap((it) => it.changes).length]));
  expect(kinds.all.filter(isWritten).map((it) => it.name).filter((name) => !((observed.get(name) ?? 0) >= 3))).toEqual([]);
});

describe.each(files)("%s", (_file, list) => {
  test.each(list.map((it) => [it.accepted.name, it] as const))("%s", async (_name, { accepted, changes }) => {
    const path = pathOf(accepted);
    const { status, text } = await controlPlane.put(path, accepted);
    expect([200, 201], text).toContain(status);
    for (const change of changes) {
      const answer = await controlPlane.put(path, changed(accepted, change));
      const title = change.title ?? (change.refused ? "Could not process a resource" : "Bad Request");
      const expected = { title, detail: change.undecodable ?? "Resource is not valid", refused: (change.refused ?? []).toSorted() };
      expect([answer.status, answer.status < 400 ? answer.text : errorOf(answer.text)], JSON.stringify(change)).toEqual([400, expected]);
    }
  });
});

describe("requests", () => {
  beforeAll(async () => {
    const all = files.flatMap(([, list]) => list.map((it) => it.accepted));
    for (const document of [...all.filter((it) => it.type === "Mesh"), ...all.filter((it) => it.type !== "Mesh")]) await controlPlane.put(pathOf(document), document);
  });
  test.each(observedRequests().map((it) => [it.request, it] as const))("%s", async (_name, it) => {
    const [method = "", path = ""] = it.request.split(" ");
    const body = it.text ?? (it.body === undefined ? undefined : JSON.stringify(it.body));
    const answer = await controlPlane.send(method, path, { ...(it.accept === undefined ? {} : { accept: it.accept }), ...(body === undefined || it.contentType === null ? {} : { "content-type": it.contentType ?? "application/json" }) }, body);
    expect(answer.status, answer.text).toBe(it.status);
    if (it.title !== undefined) expect(errorOf(answer.text)).toEqual({ title: it.title, detail: it.detail, refused: (it.refused ?? []).toSorted() });
    if (it.answer !== undefined) expect(answer).toMatchObject({ text: it.answer, ...(it.allow || it.location ? { headers: { ...(it.allow ? { allow: it.allow } : {}), ...(it.location ? { location: it.location } : {}) } } : {}) });
    if (it.json !== undefined) expect(JSON.parse(answer.text)).toMatchObject(it.json as object);
    if (it.items !== undefined) expect(shownList(answer.text)).toEqual({ total: it.total, items: it.items, next: it.next ?? null });
  });
});

function shownList(text: string) {
  const { total, items, next } = JSON.parse(text) as { total: number; items: readonly { name?: string; dataplane?: { name?: string }; hostname?: string }[]; next?: string | null };
  return { total, items: items.map((it) => it.name ?? it.dataplane?.name ?? it.hostname ?? null), next: next?.replace(/^http:\/\/[^/]+/, "") ?? null };
}
