// What a control plane and each new mesh begin with: signing keys, authorities, policies, host names (spec/api.md 4.2).
import { create } from "@bufbuild/protobuf";
import { MeshSchema, type CertificateAuthorityBackend, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { ConfigSchema, SecretSchema, ZoneSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { sleep, type Part, type Platform } from "#platform";
import { failureOf, type Kinds, type Place, type Unstored } from "#resources";
import type { Store } from "#store";
import { secretsOfBackend, type WriteDoor, type Writer } from "#write";
import { defaultHostnameGenerators, defaultPolicies } from "./default-policies.ts";

/** PEM of a certificate and its key. */
export interface RootPair {
  readonly certificate: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface DefaultsOptions {
  readonly store: Store;
  readonly door: WriteDoor;
  readonly kinds: Kinds;
  readonly place: Place;
  readonly platform: Platform;
  /** A private key for signing tokens, as bytes of a PEM. */
  readonly newSigningKey: () => Promise<Uint8Array>;
  readonly makeBuiltinRoot: (mesh: string, backend: CertificateAuthorityBackend) => Promise<RootPair>;
  /** Value of GlobalSecret `envoy-admin-ca`, and of `inter-cp-ca`: certificate and key in one. */
  readonly newAuthority: (name: "envoy-admin-ca" | "inter-cp-ca") => Promise<Uint8Array>;
  /** The JWT of the administrator; called once its signing key is stored. Absent when the bootstrap is off. */
  readonly issueAdminToken?: () => Promise<string>;
  /** Users authenticate by tokens: then a key for them is made. */
  readonly usersHaveTokens: boolean;
  /** `defaults.*` of the configuration. */
  readonly skipTenantResources: boolean;
  readonly skipMeshCreation: boolean;
  readonly skipHostnameGenerators: boolean;
}

const writer: Writer = { is: "controller", name: "defaults" };
const retryMs = 1000;

/** Runs on the leader: completes what is missing, then follows every mesh. */
export function keepDefaults(options: DefaultsOptions): Part {
  return { name: "defaults", run: (signal) => run(options, signal) };
}

async function run(options: DefaultsOptions, signal: AbortSignal): Promise<void> {
  const { store, platform } = options;
  const waiting = new Set<string>();
  let wake = () => {};
  const unfollow = store.follow((changes) => {
    for (const { key, current } of changes) if (key.type === "Mesh" && current) waiting.add(key.name);
    if (waiting.size > 0) wake();
  });
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  try {
    if (!options.skipTenantResources) await untilDone(options, signal, "control plane", () => completeControlPlane(options));
    for (const mesh of store.list("Mesh")) waiting.add(mesh.name);
    while (!signal.aborted) {
      for (const mesh of [...waiting]) {
        waiting.delete(mesh);
        await untilDone(options, signal, `mesh ${mesh}`, () => completeMesh(options, mesh));
      }
      if (waiting.size > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unfollow();
    signal.removeEventListener("abort", onAbort);
  }
  platform.log.debug("default resources are no longer kept");
}

/** A store that cannot write now may do so in a second. */
async function untilDone({ platform }: DefaultsOptions, signal: AbortSignal, what: string, action: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      return await action();
    } catch (error) {
      platform.log.warn("default resources could not be made, trying again", { what, error });
      await sleep(platform.clock, retryMs, signal).catch(() => {});
    }
  }
}

async function completeControlPlane(options: DefaultsOptions): Promise<void> {
  const { place, platform } = options;
  const makesOwn = place.mode === "global" || !place.federated;
  await ensure(options, "GlobalSecret", "", "envoy-admin-ca", async () => secret(await options.newAuthority("envoy-admin-ca")));
  if (place.mode === "zone") await onlyZone(options);
  if (makesOwn && !options.skipMeshCreation) await ensure(options, "Mesh", "", "default", () => create(MeshSchema));
  if (makesOwn) await ensureKey(options, "zone-token-signing-key-");
  if (!options.skipHostnameGenerators) for (const it of defaultHostnameGenerators(place)) await ensureResource(options, it, true);
  await ensure(options, "GlobalSecret", "", "inter-cp-ca", async () => secret(await options.newAuthority("inter-cp-ca")));
  await ensure(options, "Config", "", "kuma-cluster-id", () => create(ConfigSchema, { config: platform.random.uuid() }));
  if (!options.usersHaveTokens) return;
  await ensureKey(options, "user-token-signing-key-");
  const { issueAdminToken } = options;
  if (issueAdminToken) await ensure(options, "GlobalSecret", "", "admin-user-token", async () => secret(new TextEncoder().encode(await issueAdminToken())));
}

/** A zone knows only itself. */
async function onlyZone(options: DefaultsOptions): Promise<void> {
  const { store, door, place } = options;
  await ensure(options, "Zone", "", place.zone, () => create(ZoneSchema));
  for (const zone of store.list("Zone")) if (zone.name !== place.zone) await door.remove(writer, zone);
}

async function completeMesh(options: DefaultsOptions, name: string): Promise<void> {
  const mesh = options.store.get({ type: "Mesh", mesh: "", name });
  if (!mesh) return;
  const { mtls, skipCreatingInitialPolicies: skipped } = mesh.spec as Mesh;
  // Keys of a federated zone come from global.
  if (options.place.mode === "zone" && options.place.federated) return;
  for (const backend of mtls?.backends ?? []) if (backend.type === "builtin") await ensureRoot(options, name, backend);
  const keyPrefix = `dataplane-token-signing-key-${name}-`;
  if (hasKey(options, keyPrefix, name)) return;
  // The key comes last: a mesh that has one was completed before, and a policy its user has deleted since stays away.
  for (const { type, name: policyName, spec } of skipped.includes("*") ? [] : defaultPolicies(name)) {
    if (skipped.includes(type) || !options.kinds.byName(type)) continue;
    await ensureResource(options, { type, mesh: name, name: policyName, labels: {}, spec }, false);
  }
  await ensureKey(options, keyPrefix, name);
}

async function ensureRoot(options: DefaultsOptions, mesh: string, backend: CertificateAuthorityBackend): Promise<void> {
  const [certificateName = "", keyName = ""] = secretsOfBackend(mesh, backend);
  const isThere = (name: string) => options.store.get({ type: "Secret", mesh, name }) !== undefined;
  // A lone half is of no use: both are made anew together.
  if (isThere(certificateName) && isThere(keyName)) return;
  const root = await options.makeBuiltinRoot(mesh, backend);
  for (const [name, data] of [[keyName, root.privateKey], [certificateName, root.certificate]] as const) {
    const value = { type: "Secret", mesh, name, labels: {}, spec: secret(data) };
    await options.door.writeResource(writer, value, { keepLabels: true });
  }
}

/** Any number after the prefix counts: rotated keys are not joined by a first one. */
async function ensureKey(options: DefaultsOptions, prefix: string, mesh = ""): Promise<void> {
  if (hasKey(options, prefix, mesh)) return;
  await ensure(options, mesh ? "Secret" : "GlobalSecret", mesh, `${prefix}1`, async () => secret(await options.newSigningKey()));
}

const hasKey = ({ store }: DefaultsOptions, prefix: string, mesh: string): boolean =>
  store.list(mesh ? "Secret" : "GlobalSecret", mesh ? { mesh } : {}).some((it) => it.name.startsWith(prefix));

const secret = (data: Uint8Array) => create(SecretSchema, { data });

async function ensure(options: DefaultsOptions, type: string, mesh: string, name: string, make: () => unknown): Promise<void> {
  if (options.store.get({ type, mesh, name })) return;
  await ensureResource(options, { type, mesh, name, labels: {}, spec: await make() }, true);
}

async function ensureResource({ store, door }: DefaultsOptions, resource: Unstored, keepLabels: boolean): Promise<void> {
  if (store.get(resource)) return;
  try {
    await door.writeResource(writer, resource, { keepLabels });
  } catch (error) {
    // Its mesh was deleted meanwhile: nothing to complete any more.
    const isGone = failureOf(error)?.is === "not-found" && resource.mesh !== "" && !store.get({ type: "Mesh", mesh: "", name: resource.mesh });
    if (!isGone) throw error;
  }
}
