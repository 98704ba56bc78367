// The certificates of proxies' admin listeners, from the control plane's own authority for them.
import type { Platform } from "#platform";
import { isObject, type Resource } from "#resources";
import { openSystemAuthority, type SystemAuthority } from "#security";
import type { Store } from "#store";
import type { AdminTlsSource } from "#xds";
import { secretText } from "./secrets.ts";

const lifetimeMs = 90 * 86_400_000;
const authorityName = "envoy-admin-ca";

export function adminTlsOf(store: Store, platform: Platform): AdminTlsSource & { close(): void } {
  const listeners = new Set<() => void>();
  const unfollow = store.follow((changes) => {
    if (changes.some(({ key }) => key.type === "GlobalSecret" && key.name === authorityName)) for (const listener of listeners) listener();
  });
  let opened: { readonly text: string; readonly authority: SystemAuthority } | undefined;
  return {
    async issue(proxy) {
      const secret = store.get({ type: "GlobalSecret", mesh: "", name: authorityName });
      if (!secret) return undefined;
      const text = secretText(secret);
      if (opened?.text !== text) opened = { text, authority: openSystemAuthority(text) };
      const { authority } = opened;
      const leaf = await authority.issueServer(hostsOf(proxy), { now: platform.clock.now(), lifetimeMs });
      return { tls: { certPem: leaf.certPem, keyPem: leaf.keyPem, caPem: authority.caPem }, renewAt: leaf.notBefore + (leaf.notAfter - leaf.notBefore) * 0.8 };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: unfollow,
  };
}

/** Where the proxy is reached. */
function hostsOf(proxy: Resource): readonly string[] {
  const networking = isObject(proxy.spec) && isObject(proxy.spec["networking"]) ? proxy.spec["networking"] : {};
  return [...new Set([networking["address"], networking["advertisedAddress"]].filter((it): it is string => typeof it === "string" && it !== ""))];
}
