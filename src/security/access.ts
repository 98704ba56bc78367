// Who may do what: static rules of users and groups, with Kuma's texts of denial (spec/security.md 4.4).
import { denied, type KumaError } from "#resources";
import { adminUser, controlPlaneUser, groups, userText, type User } from "./users.ts";

export interface AccessRule {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export const ruleNames = [
  "adminResources", "generateDpToken", "generateUserToken", "generateZoneToken", "viewConfigDump", "viewStats", "viewClusters", "controlPlaneMetadata",
] as const;
export type RuleName = (typeof ruleNames)[number];
export type AccessRules = Readonly<Record<RuleName, AccessRule>>;

const admins: AccessRule = { users: [adminUser.name], groups: [groups.admin] };
const everybody: AccessRule = { users: [], groups: [groups.unauthenticated, groups.authenticated] };

export const defaultAccessRules: AccessRules = {
  adminResources: admins, generateDpToken: admins, generateUserToken: admins, generateZoneToken: admins,
  viewConfigDump: everybody, viewStats: everybody, viewClusters: everybody, controlPlaneMetadata: everybody,
};

export interface Access {
  mayAccess(rule: RuleName, user: User): boolean;
  /** Throws the denial of a rule; zone names the zone of a zone token. */
  require(rule: RuleName, user: User, about?: { readonly zone?: string }): void;
  /** Guards kinds that are admin-only; every other kind is open. */
  requireResource(kind: { readonly name: string; readonly adminOnly?: boolean }, user: User): void;
}

export function staticAccess(rules: AccessRules = defaultAccessRules): Access {
  const mayAccess = (name: RuleName, user: User): boolean => {
    // The control plane acts for itself; no caller can become it, for no credential yields this very value.
    if (user === controlPlaneUser) return true;
    const rule = rules[name];
    return rule.users.includes(user.name) || user.groups.some((it) => rule.groups.includes(it));
  };
  return {
    mayAccess,
    require(rule, user, about = {}) {
      if (!mayAccess(rule, user)) throw denial(rule, user, about.zone ?? "");
    },
    requireResource(kind, user) {
      if (kind.adminOnly !== true || mayAccess("adminResources", user)) return;
      throw denied(`user "${userText(user)}" cannot access the resource of type "${kind.name}"`);
    },
  };
}

function denial(rule: RuleName, user: User, zone: string): KumaError {
  const who = `user "${userText(user)}"`;
  switch (rule) {
    case "generateDpToken":
      return denied(`${who} cannot access generate dataplane token`);
    case "generateZoneToken":
      return denied(`${who} cannot access generate zone token for zone '${zone}'`);
    case "generateUserToken":
      return denied("action not allowed");
    case "controlPlaneMetadata":
      return denied(`${who} cannot access control plane metadata`);
    case "adminResources":
      return denied(`${who} cannot access admin resources`);
    default:
      return denied(`${who} cannot access envoy proxy info`);
  }
}
