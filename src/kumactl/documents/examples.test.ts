// The documents of docs/examples, which the reference shows for every kind, are good ones.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { kindNames } from "../kind-names.ts";
import { checkDocument } from "./check.ts";

const folder = new URL("../../../docs/examples/", import.meta.url);

test("every kind that kumactl knows has an example", () => {
  expect(readdirSync(folder).map((it) => it.replace(".yaml", "")).toSorted()).toEqual(kindNames.map((it) => it.name).toSorted());
});

test.each(readdirSync(folder))("%s is valid", (file) => {
  expect(checkDocument(readFileSync(new URL(file, folder), "utf8"))).toMatchObject({ kind: { name: file.replace(".yaml", "") } });
});
