// The desk that issues tokens through the API: who may, with which key, for how long.
import type { DataplaneTokenRequest, TokenDesk } from "#api";
import type { Platform } from "#platform";
import { badRequest, KumaError } from "#resources";
import { issueToken, requireLatestKey, type Access, type KeySource, type TokenContent } from "#security";
import type { Store } from "#store";

export interface TokenDeskParts {
  readonly keys: KeySource;
  readonly store: Store;
  readonly access: Access;
  readonly platform: Platform;
  readonly maxValidForMs: number;
  readonly defaultValidForMs: number;
  readonly mayIssueDataplane: boolean;
  readonly mayIssueZone: boolean;
  /** Undefined when users do not authenticate by tokens. */
  readonly mayIssueUser: boolean | undefined;
}

const graceMs = 5000;

export function openTokenDesk(parts: TokenDeskParts): TokenDesk {
  const { keys, access, platform, store } = parts;
  const openedAt = platform.clock.now();
  /** A new mesh, or a control plane that has just started, is still making its keys: asking a moment too early is no mistake. */
  const keyComing = async (kind: TokenContent["kind"], mesh: string): Promise<void> => {
    const bornAt = kind === "dataplane" ? store.get({ type: "Mesh", mesh: "", name: mesh })?.creationTime : openedAt;
    if (bornAt === undefined || platform.clock.now() - bornAt > graceMs || keys.latest(kind, mesh)) return;
    await new Promise<void>((resolve) => {
      const cancel = platform.clock.after(graceMs, () => done());
      const unfollow = store.follow(() => (keys.latest(kind, mesh) ? done() : undefined));
      const done = () => {
        cancel();
        unfollow();
        resolve();
      };
    });
  };
  const issue = async (isEnabled: boolean, content: TokenContent, validForMs: number): Promise<string> => {
    if (!isEnabled) throw new KumaError(badRequest("issuing tokens using the control plane is disabled.").failure, { attempt: "Could not issue a token" });
    const mesh = content.kind === "dataplane" ? content.mesh : "";
    await keyComing(content.kind, mesh);
    const key = requireKey(() => requireLatestKey(keys, content.kind, mesh));
    return issueToken(content, { key, validForMs, maxValidForMs: parts.maxValidForMs, now: platform.clock.now(), jti: platform.random.uuid() });
  };
  const rules = { dataplane: "generateDpToken", user: "generateUserToken", zone: "generateZoneToken" } as const;
  return {
    defaultValidForMs: parts.defaultValidForMs,
    mayIssue(user, what) {
      access.require(rules[what.token], user, what.token === "zone" ? { zone: what.zone } : {});
    },
    dataplane: ({ validForMs, ...content }: DataplaneTokenRequest) => issue(parts.mayIssueDataplane, { kind: "dataplane", ...content }, validForMs),
    zone: ({ validForMs, ...content }) => issue(parts.mayIssueZone, { kind: "zone", ...content }, validForMs),
    ...(parts.mayIssueUser === undefined ? {} : { user: ({ validForMs, ...content }) => issue(parts.mayIssueUser === true, { kind: "user", ...content }, validForMs) }),
  };
}

function requireKey<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (error instanceof KumaError) throw new KumaError(error.failure, { attempt: "Signing Key not found", cause: error });
    throw error;
  }
}
