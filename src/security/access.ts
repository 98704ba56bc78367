// Who may do what: static rules of users and groups, with Kuma's texts of denial (spec/security.md 4.4).
import { denied, type KumaError } from "#resources";
import { adminUser, controlPlaneUser, groups, isAnonymous, userText, type User } from "./users.ts";

export interface AccessRule {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export const ruleNames = [
  "adminResources", "generateDpToken", "generateUserToken", "generateZoneToken", "viewConfigDump", "viewStats", "viewClusters", "controlPlaneMetadata",
] as const;
export type RuleName = (typeof ruleNames)[number];
export type AccessRules = Readonly<Record<RuleName, AccessRule>>;

/** What callers without a credential may do with resources; `none` shuts them out of everything that has no rule of its own. */
export const anonymousRights = ["none", "read", "write"] as const;
export type AnonymousRights = (typeof anonymousRights)[number];

export type Operation = "get" | "list" | "create" | "update" | "delete";

const admins: AccessRule = { users: [adminUser.name], groups: [groups.admin] };
const known: AccessRule = { users: [], groups: [groups.authenticated] };

export const defaultAccessRules: AccessRules = {
  adminResources: admins, generateDpToken: admins, generateUserToken: admins, generateZoneToken: admins,
  viewConfigDump: known, viewStats: known, viewClusters: known, controlPlaneMetadata: known,
};

export interface Access {
  mayAccess(rule: RuleName, user: User): boolean;
  /** Throws the denial of a rule; zone names the zone of a zone token. */
  require(rule: RuleName, user: User, about?: { readonly zone?: string }): void;
  /** Guards kinds that are admin-only, and every other kind against callers without a credential. */
  requireResource(kind: { readonly name: string; readonly adminOnly?: boolean }, user: User, operation: Operation): void;
  /** Guards what has no rule of its own and is no resource. */
  requireEntry(user: User): void;
}

export function staticAccess(rules: AccessRules = defaultAccessRules, anonymous: AnonymousRights = "read"): Access {
  /** Who came without a credential learns how to come with one; in the words of Kuma alone where all is as in Kuma. */
  const refused = (text: string, user: User): KumaError => {
    if (!isAnonymous(user) || (anonymous === "write" && user.because === undefined)) return denied(text);
    return denied([text, ...(user.because === undefined ? [] : [user.because]), wayIn].join("; "));
  };
  const mayAccess = (name: RuleName, user: User): boolean => {
    // The control plane acts for itself; no caller can become it, for no credential yields this very value.
    if (user === controlPlaneUser) return true;
    const rule = rules[name];
    return rule.users.includes(user.name) || user.groups.some((it) => rule.groups.includes(it));
  };
  return {
    mayAccess,
    require(rule, user, about = {}) {
      if (!mayAccess(rule, user)) throw refused(denial(rule, user, about.zone ?? ""), user);
    },
    requireResource(kind, user, operation) {
      if (kind.adminOnly === true && !mayAccess("adminResources", user)) throw refused(`user "${userText(user)}" cannot access the resource of type "${kind.name}"`, user);
      if (!isAnonymous(user) || anonymous === "write") return;
      const isReading = operation === "get" || operation === "list";
      if (isReading && anonymous === "read") return;
      throw refused(`user "${userText(user)}" cannot ${operation} the resource of type "${kind.name}"`, user);
    },
    requireEntry(user) {
      if (anonymous === "none" && isAnonymous(user)) throw refused(`user "${userText(user)}" cannot access this control plane`, user);
    },
  };
}

const wayIn = "log in with a user token: kumactl config control-planes add --name=<name> --address=<address> --auth-type=tokens --auth-conf=token=<token>";

function denial(rule: RuleName, user: User, zone: string): string {
  const who = `user "${userText(user)}"`;
  switch (rule) {
    case "generateDpToken":
      return `${who} cannot access generate dataplane token`;
    case "generateZoneToken":
      return `${who} cannot access generate zone token for zone '${zone}'`;
    case "generateUserToken":
      return "action not allowed";
    case "controlPlaneMetadata":
      return `${who} cannot access control plane metadata`;
    case "adminResources":
      return `${who} cannot access admin resources`;
    default:
      return `${who} cannot access envoy proxy info`;
  }
}
