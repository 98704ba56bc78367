// A stored resource: its identity, its metadata and its typed spec. Immutable; a change is a new value.

export type Labels = Readonly<Record<string, string>>;

export interface ResourceKey {
  /** Name of the kind, e.g. `Dataplane`. */
  readonly type: string;
  /** Empty for global kinds. */
  readonly mesh: string;
  readonly name: string;
}

export interface Resource<S = unknown, T = unknown> extends ResourceKey {
  readonly labels: Labels;
  /** A protobuf message for flat kinds, plain JSON (checked by zod) for the others. */
  readonly spec: S;
  readonly status?: T;
  /** Milliseconds since the epoch. */
  readonly creationTime: number;
  readonly modificationTime: number;
  /** The store's optimistic version; 0 before the first write. */
  readonly version: number;
  /** Deleted together with its owner. */
  readonly owner?: ResourceKey;
}

/** A resource before a store has given it version and times. */
export type Unstored<S = unknown, T = unknown> = Omit<Resource<S, T>, "version" | "creationTime" | "modificationTime">;

/** Where this control plane stands: it decides labels and what may be written here. */
export interface Place {
  readonly mode: "global" | "zone";
  /** Name of the zone; empty on global. */
  readonly zone: string;
  /** A zone that is connected to a global control plane. */
  readonly federated: boolean;
  readonly environment: "universal" | "kubernetes";
  readonly systemNamespace: string;
  readonly disableOriginLabelValidation?: boolean;
  /** `experimental.inboundTagsDisabled`: inbounds are written without tags. */
  readonly inboundTagsDisabled?: boolean;
}

export const keyText = (key: ResourceKey): string => `${key.type}|${key.mesh}|${key.name}`;

export const label = {
  mesh: "kuma.io/mesh",
  origin: "kuma.io/origin",
  zone: "kuma.io/zone",
  env: "kuma.io/env",
  namespace: "k8s.kuma.io/namespace",
  serviceAccount: "k8s.kuma.io/service-account",
  policyRole: "kuma.io/policy-role",
  displayName: "kuma.io/display-name",
  effect: "kuma.io/effect",
  proxyType: "kuma.io/proxy-type",
  listenerZoneIngress: "kuma.io/listener-zoneingress",
  listenerZoneEgress: "kuma.io/listener-zoneegress",
  workload: "kuma.io/workload",
  managedBy: "kuma.io/managed-by",
  deletionGracePeriodStartedAt: "kuma.io/deletion-grace-period-started-at",
} as const;

export const tag = {
  service: "kuma.io/service",
  protocol: "kuma.io/protocol",
  zone: "kuma.io/zone",
  instance: "kuma.io/instance",
  mesh: "kuma.io/mesh",
} as const;

/** The name its maker gave it; synced copies carry it as a label. */
export const displayName = (resource: Resource): string => resource.labels[label.displayName] ?? resource.name;
