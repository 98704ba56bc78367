// The three lists that a policy appears in agree: kinds, order of application, folders.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { envoyPolicies, routeShapers } from "./index.ts";
import { policyKinds } from "./kinds/index.ts";

const applied = [...routeShapers, ...envoyPolicies].map((it) => it.kind);
const inOrder = policyKinds.toSorted((a, b) => (a.policy?.order ?? 0) - (b.policy?.order ?? 0)).map((it) => it.name);

/** MeshHTTPRoute lives in mesh-http-route. */
const folderOf = (kind: string): string => kind.replaceAll(/([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, (_, lower = "", upper = "", acronym = "") => (acronym ? `${acronym}-` : `${lower}-${upper}`)).toLowerCase();

test("policies are applied in the order that their kinds declare", () => {
  expect(applied).toEqual(inOrder.filter((it) => applied.includes(it)));
});

test("every kind is applied", () => {
  expect(applied.toSorted()).toEqual(inOrder.toSorted());
});

test("no kind has an order that another has", () => {
  expect(new Set(policyKinds.map((it) => it.policy?.order)).size).toBe(policyKinds.length);
});

test("every folder of a policy is in the list of kinds", () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((it) => it.isDirectory() && it.name !== "kinds").map((it) => it.name);
  expect(folders.toSorted()).toEqual(policyKinds.map((it) => folderOf(it.name)).toSorted());
});

test.each(applied)("%s says what it does to Envoy", (kind) => {
  const folder = folderOf(kind);
  expect(existsSync(join(import.meta.dirname, folder, `${folder}.md`))).toBe(true);
});
