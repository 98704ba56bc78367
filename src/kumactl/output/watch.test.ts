// `--watch` against answers that change between two looks: what a pipe and what a terminal gets.
import { expect, test } from "vitest";
import type { World } from "../program.ts";
import { ApiError, type Answer, type Call, type ControlPlaneClient } from "../server/client.ts";
import { listAt, objectAt, textAt } from "../documents/rows.ts";
import type { Format } from "./format.ts";
import { watch } from "./watch.ts";

type Step = readonly string[] | Error | "same";

/** Looks once per step, then is interrupted. */
async function follow(steps: readonly Step[], format: Format = "table", world: Partial<World> = {}) {
  const [out, err, calls, pauses]: [string[], string[], Call[], number[]] = [[], [], [], []];
  const user = new AbortController();
  const rest = [...steps];
  const client: ControlPlaneClient = {
    send: () => Promise.reject(new Error("not asked")),
    close: () => {},
    async request(call): Promise<Answer> {
      calls.push(call);
      const step = rest.shift();
      if (step instanceof Error) throw step;
      const items = step === "same" ? [] : (step ?? []).map((it) => ({ mesh: "demo", name: it.split("=")[0], value: it.split("=")[1] ?? "" }));
      return { status: step === "same" ? 304 : 200, tag: `"${calls.length}"`, text: "", json: () => ({ items }) };
    },
  };
  const whole: World = {
    env: {}, now: () => 0, out: (it) => void out.push(it), err: (it) => void err.push(it), stdin: async () => "", interrupted: () => user.signal,
    pause: async (ms) => {
      pauses.push(ms);
      if (rest.length === 0) user.abort();
    },
    ...world,
  };
  const tableOf = (items: readonly object[]) => ({ header: ["MESH", "NAME", "VALUE"], rows: items.map((it) => [textAt(it, "mesh"), textAt(it, "name"), textAt(it, "value")]) });
  await watch(client, whole, format, { path: "/things", itemsOf: (answer) => listAt(answer.json(), "items").map((it) => objectAt(it)), tableOf });
  return { out, err, calls, pauses };
}

test("a pipe gets everything once, then the rows that changed, came and went", async () => {
  const { out } = await follow([["a=1", "b=1"], ["a=1", "b=2"], ["a=1", "b=2"], ["a=1", "c=1"]]);
  expect(out).toEqual(["MESH   NAME   VALUE\ndemo   a      1\ndemo   b      1\n", "demo   b      2\n", "", "demo   c      1\ndemo   b   deleted\n"]);
});

test("YAML comes as documents", async () => {
  expect((await follow([["a=1"], ["a=2"]], "yaml")).out).toEqual(['---\nmesh: demo\nname: a\nvalue: "1"\n', '---\nmesh: demo\nname: a\nvalue: "2"\n']);
});

test("a terminal is redrawn", async () => {
  const { out } = await follow([["a=1"], ["a=2"]], "table", { screen: { columns: 80, hasColour: false } });
  expect(out).toEqual(["\u001b[H\u001b[2JMESH   NAME   VALUE\ndemo   a      1\n", "\u001b[H\u001b[2JMESH   NAME   VALUE\ndemo   a      2\n"]);
});

test("the tag of the last answer is sent along, and an unchanged list prints nothing", async () => {
  const { calls, out } = await follow([["a=1"], "same", ["a=1"]]);
  expect([calls.map((it) => it.knownTag), out.join("")]).toEqual([[undefined, '"1"', '"1"'], "MESH   NAME   VALUE\ndemo   a      1\n"]);
});

test("a control plane that does not answer is waited for, longer each time, and said once", async () => {
  const { err, pauses } = await follow([["a=1"], new Error("gone"), new Error("gone"), ["a=1"]]);
  expect([err, pauses]).toEqual([["WARNING: gone; trying again\n"], [2000, 4000, 8000, 2000]]);
});

test("a refusal ends it", async () => {
  await expect(follow([["a=1"], new ApiError(403, "Access Denied (no)")])).rejects.toThrow("Access Denied");
});
