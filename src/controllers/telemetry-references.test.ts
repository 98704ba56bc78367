// Conditions that tell which references to MeshOpenTelemetryBackends lead somewhere.
import { expect, test } from "vitest";
import type { Resource } from "#resources";
import type { MeshOpenTelemetryBackend } from "#resources/kinds";
import { decideTelemetryReferences } from "./telemetry-references.ts";

const backend = (name: string, creationTime: number): MeshOpenTelemetryBackend => ({ type: "MeshOpenTelemetryBackend", mesh: "m", name, labels: { app: name, all: "yes" }, creationTime, modificationTime: 0, version: 1, spec: {} }) as unknown as MeshOpenTelemetryBackend;
const to = (...labels: object[]) => ({ backends: labels.map((its) => ({ type: "OpenTelemetry", openTelemetry: { backendRef: { kind: "MeshOpenTelemetryBackend", labels: its } } })) });
const policy = (type: string, name: string, spec: object): Resource => ({ type, mesh: "m", name, labels: {}, spec }) as unknown as Resource;

function messages(backends: readonly MeshOpenTelemetryBackend[], policies: readonly Resource[]): Readonly<Record<string, string>> {
  const all = new Map([...backends, ...policies].map((it) => [it.name, it] as const));
  return Object.fromEntries(decideTelemetryReferences(backends, policies).writes.map((write) => {
    const written = write.is === "update" ? write.change(all.get(write.key.name)) : undefined;
    return [write.key.name, (written?.status as { conditions: { message: string }[] } | undefined)?.conditions.map((it) => it.message).join() ?? ""];
  }));
}

test("references count per backend; of several backends with the labels the oldest is meant", () => {
  const logs = policy("MeshAccessLog", "logs", { to: [{ default: to({ app: "a" }, { all: "yes" }) }], rules: [{ default: to({ app: "b" }) }] });
  expect(messages([backend("b", 2), backend("a", 1), backend("c", 3)], [logs, policy("MeshTrace", "spans", { default: to({ app: "a" }) })])).toEqual({
    a: "Referenced by 3 policy backend(s)", b: "Referenced by 1 policy backend(s)", c: "Not referenced by any observability policy",
    logs: "All MeshOpenTelemetryBackend references are resolved", spans: "All MeshOpenTelemetryBackend references are resolved",
  });
});

test("references that lead nowhere are named once, in order", () => {
  expect(messages([], [policy("MeshMetric", "m1", { default: to({ z: "1", a: "2" }, { b: "3" }, { b: "3" }) }), policy("MeshMetric", "m2", { default: {} })])).toEqual({
    m1: "Unresolved MeshOpenTelemetryBackend references: labels:a=2,z=1, labels:b=3", m2: "No MeshOpenTelemetryBackend references configured",
  });
});

test("what is written already is not written again", () => {
  const conditions = [{ type: "ReferencedByPolicies", status: "False", reason: "NotReferenced", message: "Not referenced by any observability policy" }];
  expect(decideTelemetryReferences([{ ...backend("a", 1), status: { conditions } } as MeshOpenTelemetryBackend], []).writes).toEqual([]);
});
