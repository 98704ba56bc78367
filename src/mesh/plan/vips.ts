// Virtual addresses of the older model: one per service, kept in the Config `kuma-<mesh>-dns-vips` (spec/dataplane.md 10).
import type { Config } from "#gen/kuma/system/v1alpha1/system_pb.js";
import type { Resource } from "#resources";

export const vipConfigName = (mesh: string): string => `kuma-${mesh}-dns-vips`;

/** Service to address. Unreadable content counts as none. */
export function legacyVips(config: Resource | undefined): ReadonlyMap<string, string> {
  if (!config) return new Map();
  try {
    const entries = JSON.parse((config.spec as Config).config) as Record<string, unknown>;
    return new Map(
      Object.entries(entries).flatMap(([key, value]) => {
        const address = typeof value === "string" ? value : (value as { address?: unknown } | null)?.address;
        const service = key.startsWith("0:") ? key.slice(2) : key;
        return typeof address === "string" ? [[service, address] as const] : [];
      }),
    );
  } catch {
    return new Map();
  }
}
