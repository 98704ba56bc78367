// Who asks: users and the three that every control plane knows.

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  /** Why this caller was not taken for somebody better; refusals say it. */
  readonly because?: string;
}

export const groups = { admin: "mesh-system:admin", authenticated: "mesh-system:authenticated", unauthenticated: "mesh-system:unauthenticated" } as const;

export const adminUser: User = { name: "mesh-system:admin", groups: [groups.admin, groups.authenticated] };
export const anonymousUser: User = { name: "mesh-system:anonymous", groups: [groups.unauthenticated] };
export const controlPlaneUser: User = { name: "mesh-system:control-plane", groups: [] };

/** Came without a credential. */
export const isAnonymous = (user: User): boolean => user.groups.includes(groups.unauthenticated);

/** `<name>/<group1>,<group2>`, as messages print it. */
export const userText = (user: User): string => `${user.name}/${user.groups.join(",")}`;

export const authenticated = (user: User): User =>
  user.groups.includes(groups.authenticated) ? user : { name: user.name, groups: [...user.groups, groups.authenticated] };
