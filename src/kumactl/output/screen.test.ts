// Tables on terminals of several widths.
import { expect, test } from "vitest";
import { renderTable, wantsColour } from "./screen.ts";

const table = { header: ["NAME", "STATUS", "NOTES"], rows: [["web", "Online", ""], ["api", "Offline", "x"]] };

test("a pipe gets the plain table, however wide", () => {
  expect(renderTable(table, undefined)).toBe("NAME   STATUS    NOTES\nweb    Online    \napi    Offline   x\n");
});

test("states have colours on a terminal that knows them", () => {
  expect(renderTable(table, { columns: 80, hasColour: true })).toContain("web    \u001b[32mOnline\u001b[0m    \napi    \u001b[31mOffline\u001b[0m   x");
});

test("a table wider than the terminal becomes a block per row, without what is empty", () => {
  expect(renderTable(table, { columns: 10, hasColour: false })).toBe("NAME:   web\nSTATUS: Online\n\nNAME:   api\nSTATUS: Offline\nNOTES:  x\n");
});

test.each([[{}, true], [{ NO_COLOR: "1" }, false], [{ NO_COLOR: "" }, true], [{ TERM: "dumb" }, false]])("%j: colour %s", (env, expected) => {
  expect(wantsColour(env)).toBe(expected);
});
