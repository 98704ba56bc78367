// Which of Envoy's metrics are wanted: a profile, then what is excluded from it, then what is wanted all the same.
import { labelOf, type Family, type Sample } from "./exposition.ts";

export interface Selector {
  readonly type: "Prefix" | "Regex" | "Exact" | "Contains";
  readonly match: string;
}

export interface Profiles {
  readonly appendProfiles?: readonly { readonly name: "All" | "Basic" | "None" }[] | null | undefined;
  readonly exclude?: readonly Selector[] | null | undefined;
  readonly include?: readonly Selector[] | null | undefined;
}

/** What dashboards and alerts of a mesh are made of: traffic, its errors and times, limits, certificates, the server's health. */
const basicNames = [
  /^envoy_cluster_(circuit_breakers|membership_(degraded|healthy|total)|upstream_(cx|rq)|ssl_|health_check|outlier_detection|external_upstream_rq|internal_upstream_rq)/,
  /^envoy_(control_plane|dns_|server_)/,
  /^envoy_http_(downstream_(cx_(active|total|rx_bytes|tx_bytes)|rq)|rq_total|rbac|local_rate_limit|fault)/,
  /^envoy_(listener_.*(downstream_(cx|pre_cx)|ssl_|downstream_rq)|tcp_|rbac|http_local_rate_limit|ratelimit)/,
];
/** Clusters between this proxy and its own mesh, not of the workload. */
const ownClusters = new Set(["ads_cluster", "access_log_sink", "_kuma_metrics_hijacker"]);
const isOwn = (sample: Sample): boolean => {
  const cluster = labelOf(sample, "envoy_cluster_name") ?? "";
  return ownClusters.has(cluster) || cluster.startsWith("system_");
};

/** Without profiles the basic one holds, as in the reference. */
export function selectFamilies(families: readonly Family[], profiles: Profiles | undefined): Family[] {
  const names = profiles?.appendProfiles?.map((it) => it.name) ?? [];
  const profile = names.includes("All") ? "All" : names.length === 0 || names.includes("Basic") ? "Basic" : "None";
  const isExcluded = anyOf(profiles?.exclude);
  const isIncluded = anyOf(profiles?.include);
  return families.flatMap((family): Family[] => {
    if (isIncluded(family.name)) return [family];
    if (profile === "None" || isExcluded(family.name)) return [];
    if (profile === "All") return [family];
    if (!basicNames.some((it) => it.test(family.name))) return [];
    const samples = family.samples.filter((it) => !isOwn(it));
    return samples.length > 0 ? [{ ...family, samples }] : [];
  });
}

function anyOf(selectors: readonly Selector[] | null | undefined): (name: string) => boolean {
  const tests = (selectors ?? []).map(({ type, match }): ((name: string) => boolean) => {
    if (type === "Prefix") return (name) => name.startsWith(match);
    if (type === "Exact") return (name) => name === match;
    if (type === "Contains") return (name) => name.includes(match);
    const pattern = new RegExp(match);
    return (name) => pattern.test(name);
  });
  return (name) => tests.some((test) => test(name));
}
