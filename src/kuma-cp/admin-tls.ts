// The certificate of each proxy's admin listener, from the control plane's own authority for it; kept as long as the proxy's addresses.
import type { AdminTls } from "#envoy";
import type { Platform } from "#platform";
import { isObject, type Resource } from "#resources";
import { openSystemAuthority, type SystemAuthority } from "#security";
import type { Store } from "#store";
import { secretText } from "./secrets.ts";

const lifetimeMs = 10 * 365 * 86_400_000;

/** Undefined while the authority's secret does not exist yet. */
export function adminTlsOf(store: Store, platform: Platform): (proxy: Resource) => Promise<AdminTls | undefined> {
  let opened: { readonly text: string; readonly authority: SystemAuthority } | undefined;
  return async (proxy) => {
    const secret = store.get({ type: "GlobalSecret", mesh: "", name: "envoy-admin-ca" });
    if (!secret) return undefined;
    const text = secretText(secret);
    if (opened?.text !== text) opened = { text, authority: openSystemAuthority(text) };
    const { authority } = opened;
    const networking = isObject(proxy.spec) && isObject(proxy.spec["networking"]) ? proxy.spec["networking"] : {};
    const hosts = [...new Set([networking["address"], networking["advertisedAddress"]].filter((it): it is string => typeof it === "string" && it !== ""))];
    const leaf = await authority.issueServer(hosts, { now: platform.clock.now(), lifetimeMs });
    return { certPem: leaf.certPem, keyPem: leaf.keyPem, caPem: authority.caPem };
  };
}
