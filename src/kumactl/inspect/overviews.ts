// Tables of `inspect dataplanes`, `zones`, `zoneingresses`, `zoneegresses`, `meshes` and `services`.
import { age, type Table } from "../output/table.ts";
import { dataplaneTags, listAt, numberAt, objectAt, textAt, type Json } from "../documents/rows.ts";
import { dataplaneStatus, isOnline, streamColumns, streamHeader, versionAt } from "./status.ts";

export type Overview = (items: readonly Json[], now: number) => Table;

export const dataplanes: Overview = (items, now) => {
  const header = [
    "MESH", "NAME", "TAGS", "STATUS", ...streamHeader, "CERT REGENERATED AGO", "CERT EXPIRATION", "CERT REGENERATIONS", "CERT BACKEND", "SUPPORTED CERT BACKENDS",
    "KUMA-DP VERSION", "ENVOY VERSION", "DEPENDENCIES VERSIONS", "NOTES",
  ];
  const rows = items.map((item) => {
    const [dataplane, insight] = [objectAt(item, "dataplane"), objectAt(item, "dataplaneInsight")];
    const status = dataplaneStatus(dataplane, insight);
    const mtls = objectAt(insight, "mTLS");
    const versions = Object.entries(objectAt(listAt(insight, "subscriptions").at(-1), "version", "dependencies")).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [
      textAt(item, "mesh"), textAt(item, "name"), dataplaneTags(dataplane), status.text, ...streamColumns(insight, now),
      age(textAt(mtls, "lastCertificateRegeneration") || undefined, now), dateTime(textAt(mtls, "certificateExpirationTime")), String(numberAt(mtls, "certificateRegenerations")),
      textAt(mtls, "issuedBackend") || "-", listAt(mtls, "supportedBackends").join(","),
      versionAt(insight, "kumaDp", "version"), versionAt(insight, "envoy", "version"),
      versions.map(([name, version]) => `${name}: ${String(version)}`).join(", ") || "-", status.notes.join(";"),
    ];
  });
  return { header, rows };
};

const dateTime = (moment: string): string => (moment === "" ? "-" : moment.slice(0, 19).replace("T", " "));

export const zones: Overview = (items, now) => ({
  header: ["NAME", "STATUS", ...streamHeader, "ZONE-CP VERSION", "BACKEND"],
  rows: items.map((item) => {
    const insight = objectAt(item, "zoneInsight");
    const isOn = isOnline(insight) && objectAt(item, "zone")["enabled"] !== false;
    return [textAt(item, "name"), isOn ? "Online" : "Offline", ...streamColumns(insight, now), versionAt(insight, "kumaCp", "version"), storeTypeOf(insight)];
  }),
});

/** From the configuration that the zone reported as JSON text; a text that is none says nothing. */
function storeTypeOf(insight: Json): string {
  try {
    return textAt(JSON.parse(textAt(listAt(insight, "subscriptions").at(-1), "config") || "{}"), "store", "type");
  } catch {
    return "";
  }
}

const zoneProxies = (insightField: string): Overview => (items, now) => ({
  header: ["NAME", "STATUS", ...streamHeader, "KUMA-DP VERSION", "ENVOY VERSION"],
  rows: items.map((item) => {
    const insight = objectAt(item, insightField);
    return [
      textAt(item, "name"), isOnline(insight) ? "Online" : "Offline", ...streamColumns(insight, now),
      versionAt(insight, "kumaDp", "version"), versionAt(insight, "envoy", "version"),
    ];
  }),
});

export const zoneIngresses = zoneProxies("zoneIngressInsight");
export const zoneEgresses = zoneProxies("zoneEgressInsight");

const meshColumns: readonly (readonly [title: string, kind: string])[] = [
  ["TRAFFIC PERMISSIONS", "TrafficPermission"], ["TRAFFIC ROUTES", "TrafficRoute"], ["CIRCUIT BREAKERS", "CircuitBreaker"], ["HEALTH CHECKS", "HealthCheck"],
  ["FAULT INJECTIONS", "FaultInjection"], ["EXTERNAL SERVICES", "ExternalService"], ["TRAFFIC TRACES", "TrafficTrace"], ["TRAFFIC LOGS", "TrafficLog"],
  ["PROXY TEMPLATES", "ProxyTemplate"], ["RATE LIMITS", "RateLimit"],
];

export const meshes: Overview = (items) => ({
  header: ["MESH", "DATAPLANES", ...meshColumns.map(([title]) => title)],
  rows: items.map((item) => [
    textAt(item, "name"), `${numberAt(item, "dataplanes", "online")}/${numberAt(item, "dataplanes", "total")}`,
    ...meshColumns.map(([, kind]) => String(numberAt(item, "policies", kind, "total"))),
  ]),
});

const serviceStates: Readonly<Record<string, string>> = { online: "Online", offline: "Offline", partially_degraded: "Partially degraded", not_available: "Not available" };

export const services: Overview = (items) => ({
  header: ["SERVICE", "STATUS", "DATAPLANES"],
  rows: items.map((item) => [textAt(item, "name"), serviceStates[textAt(item, "status")] ?? "-", `${numberAt(item, "dataplanes", "online")}/${numberAt(item, "dataplanes", "total")}`]),
});
