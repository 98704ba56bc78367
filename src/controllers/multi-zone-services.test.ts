// What a MeshMultiZoneService says of its parts.
import { expect, test } from "vitest";
import type { MeshMultiZoneServiceStatus } from "#resources/kinds";
import { fakeZone, place } from "./fake/zone.ts";
import { matchMultiZoneServices } from "./multi-zone-services.ts";

test("matching MeshServices of the mesh are listed, and none is said", async () => {
  const it = fakeZone();
  const stop = it.run(matchMultiZoneServices({ ...it.parts, place }));
  await it.mesh("m");
  await it.mesh("other");
  for (const mesh of ["m", "other"]) await it.put("MeshService", mesh, "web", { labels: { team: "x" }, spec: {} });
  const multi = (name: string, team: string) => it.put("MeshMultiZoneService", "m", name, { spec: { selector: { meshService: { matchLabels: { team } } }, ports: [{ port: 80 }] } });
  await multi("some", "x");
  await multi("none", "y");
  await it.pass();
  await stop();
  const status = (name: string) => it.get<unknown, MeshMultiZoneServiceStatus>("MeshMultiZoneService", "m", name)?.status;
  expect(status("some")).toEqual({
    meshServices: [{ mesh: "m", name: "web", namespace: "", zone: "default" }],
    conditions: [{ type: "MeshServicesMatched", status: "True", reason: "MatchesFound", message: "Matched 1 MeshService(s)" }],
  });
  expect(status("none")?.conditions?.[0]).toMatchObject({ status: "False", reason: "NoMatchesFound" });
});
