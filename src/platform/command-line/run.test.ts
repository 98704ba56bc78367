// Whole command lines against a small tree: how words are found, read and refused.
import { expect, test } from "vitest";
import { runCommandLine, type CommandSpec } from "./index.ts";

async function run(line: string): Promise<{ readonly code: number; readonly out: string; readonly err: string; readonly seen: readonly string[] }> {
  const [out, err, seen]: [string[], string[], string[]] = [[], [], []];
  const root: CommandSpec = {
    name: "tool", summary: "A tool", sharedFlags: [{ name: "home", type: "string", help: "where" }, { name: "loud", short: "l", type: "bool", help: "how" }],
    before: () => void seen.push("root"),
    commands: [
      {
        name: "get", summary: "Get", sharedFlags: [{ name: "output", short: "o", type: "string", help: "form", fallback: "table" }], before: () => void seen.push("get"),
        commands: [{
          name: "meshes", aliases: ["ms"], summary: "Meshes", argumentCount: 0, flags: [{ name: "size", short: "s", type: "int", help: "how many", required: true }, { name: "old", type: "bool", help: "", deprecated: "use nothing" }],
          run: ({ flags, args }) => void seen.push(`${flags.text("output")} ${flags.number("size")} ${flags.isSet("loud")} ${args.join(",")}`),
        }],
      },
      { name: "late", summary: "Late", load: async () => ({ name: "late", summary: "Late", run: ({ args }) => void seen.push(args.join(",")) }) },
    ],
  };
  const code = await runCommandLine(root, line.split(" ").filter(Boolean), { out: (it) => void out.push(it), err: (it) => void err.push(it) });
  return { code, out: out.join(""), err: err.join(""), seen };
}

test.each([
  ["get meshes --size 3 -o yaml", "yaml 3 false "],
  ["-l get --output=json ms -s3", "json 3 true "],
  ["--home /x get -oyaml meshes -s=4 --loud=false", "yaml 4 false "],
  ["get meshes -ls 5", "table 5 true "],
])("%s", async (line, seen) => {
  expect((await run(line)).seen.at(-1)).toBe(seen);
});

test("what comes before runs from the root down", async () => {
  expect((await run("get meshes -s1")).seen).toEqual(["root", "get", "table 1 false "]);
});

test("behind two dashes all words are arguments", async () => {
  expect((await run("late -- --loud get")).seen.at(-1)).toBe("--loud,get");
});

test.each([
  ["get meshes --sice 1", "unknown flag: --sice"],
  ["get meshes -lx", "unknown shorthand flag: 'x' in -x"],
  ["get meshes --size", "flag needs an argument: --size"],
  ["get meshes -s", "flag needs an argument: 's' in -s"],
  ["get meshes --=1", "bad flag syntax: --=1"],
  ["get meshes x -s1", 'unknown command "x" for "tool get meshes"'],
])("%s is refused with the usage", async (line, complaint) => {
  expect(await run(line)).toEqual({ code: 1, out: expect.stringMatching(/^Usage:\n  tool get meshes \[flags\]/), err: `Error: ${complaint}\n`, seen: [] });
});

test("a missing flag is refused without the usage, after what comes before", async () => {
  expect(await run("get meshes")).toEqual({ code: 1, out: "", err: 'Error: required flag(s) "size" not set\n', seen: ["root", "get"] });
});

test("a deprecated flag works, is hidden, and says what to use", async () => {
  expect([(await run("get meshes --old -s1")).err, (await run("get meshes -h")).out.includes("--old")]).toEqual(["Flag --old has been deprecated, use nothing\n", false]);
});

test("an unknown command is answered with near ones", async () => {
  expect(await run("gett")).toEqual({ code: 1, out: "", err: "Error: unknown command \"gett\" for \"tool\"\n\nDid you mean this?\n\tget\n\nRun 'tool --help' for usage.\n", seen: [] });
});

test("help x is x --help", async () => {
  expect((await run("help get meshes")).out).toBe((await run("get meshes --help")).out);
});

test("a group shows its help", async () => {
  expect((await run("get")).out).toContain("Usage:\n  tool get [command]");
});

test.each([
  ["__completeNoDesc ge", "get\n:4\n"],
  ["__complete get me", "meshes\tMeshes\n:4\n"],
  ["__completeNoDesc get meshes --", "--size\n:4\n"],
  ["__completeNoDesc get meshes -s 1 --o", "--output\n:4\n"],
  ["__completeNoDesc get meshes --size 1", ":0\n"],
  ["__completeNoDesc nosuch x", ":0\n"],
  ["__completeNoDesc --bogus x", ":0\n"],
])("completion scripts ask %j", async (line, out) => {
  expect(await run(line)).toMatchObject({ code: 0, out, seen: [] });
});
