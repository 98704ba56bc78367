// The certificate of each proxy's admin listener, from the control plane's own authority for it; kept as long as the proxy's addresses.
import type { AdminTls } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Platform } from "#platform";
import type { Resource } from "#resources";
import { openSystemAuthority, type SystemAuthority } from "#security";
import type { Store } from "#store";
import { secretText } from "./secrets.ts";

const lifetimeMs = 10 * 365 * 86_400_000;

/** Undefined while the authority's secret does not exist yet. */
export function adminTlsOf(store: Store, platform: Platform): (dataplane: Resource<Dataplane>) => Promise<AdminTls | undefined> {
  let opened: { readonly text: string; readonly authority: SystemAuthority } | undefined;
  return async (dataplane) => {
    const secret = store.get({ type: "GlobalSecret", mesh: "", name: "envoy-admin-ca" });
    if (!secret) return undefined;
    const text = secretText(secret);
    if (opened?.text !== text) opened = { text, authority: openSystemAuthority(text) };
    const { authority } = opened;
    const networking = dataplane.spec.networking;
    const hosts = [...new Set([networking?.address, networking?.advertisedAddress].filter((it): it is string => Boolean(it)))];
    const leaf = await authority.issueServer(hosts, { now: platform.clock.now(), lifetimeMs });
    return { certPem: leaf.certPem, keyPem: leaf.keyPem, caPem: authority.caPem };
  };
}
