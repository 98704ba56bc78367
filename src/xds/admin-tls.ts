// The certificate of one proxy's admin listener while its stream lives: made at the start, anew before its end and when its authority changes.
import type { AdminTls } from "#envoy";
import type { Platform } from "#platform";
import type { Resource } from "#resources";

export interface AdminTlsSource {
  /** Undefined while the control plane has no authority for it. `renewAt` in milliseconds since the epoch. */
  issue(proxy: Resource): Promise<{ readonly tls: AdminTls; readonly renewAt: number } | undefined>;
  /** Tells when another authority issues. */
  onChange(listener: () => void): () => void;
}

export interface KeptAdminTls {
  current(): AdminTls | undefined;
  end(): void;
}

const retryMs = 5000;

/** Resolves with the first certificate in place; `onNew` hears of every later one. */
export async function keepAdminTls(source: AdminTlsSource, proxyOf: () => Resource, platform: Platform, onNew: () => void): Promise<KeptAdminTls> {
  let current: AdminTls | undefined;
  let hasEnded = false;
  let turn = 0;
  let cancel = () => {};
  const next = async () => {
    const mine = ++turn;
    cancel();
    const issued = await source.issue(proxyOf());
    // A change that came meanwhile has begun a turn of its own.
    if (hasEnded || mine !== turn) return;
    current = issued?.tls;
    if (issued) cancel = platform.clock.after(issued.renewAt - platform.clock.now(), renew);
  };
  const renew = () => {
    next().then(
      () => (hasEnded ? undefined : onNew()),
      (error: unknown) => {
        platform.log.error("could not issue the certificate of a proxy's admin listener; trying again in 5 s", { proxy: proxyOf().name, error });
        if (!hasEnded) cancel = platform.clock.after(retryMs, renew);
      },
    );
  };
  const unfollow = source.onChange(renew);
  await next().catch((error: unknown) => {
    platform.log.error("could not issue the certificate of a proxy's admin listener; trying again in 5 s", { proxy: proxyOf().name, error });
    cancel = platform.clock.after(retryMs, renew);
  });
  return {
    current: () => current,
    end() {
      hasEnded = true;
      unfollow();
      cancel();
    },
  };
}
