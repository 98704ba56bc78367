// Who may have a stream: authenticates a proxy against what is stored and what it brought, registers it, and removes it after it left.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { ZoneEgress, ZoneIngress } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import { workloadIdentity } from "#mesh";
import type { Platform } from "#platform";
import { badRequest, denied, isObject, KumaError, label, readDocument, unauthenticated, validateResource, invalid, type Kind, type Kinds, type Resource, type ResourceKey, type Unstored } from "#resources";
import { auditingProxy, authenticateProxy, type Audit, type CredentialFacts, type ProxyAuthentication, type ProxyIdentity, type RefusalCode, type Sessions } from "#security";
import type { Store } from "#store";
import type { WriteDoor } from "#write";
import type { NodeFacts, ProxyDoor, ProxyType } from "#xds";

export interface ProxyDoorParts {
  readonly store: Store;
  readonly door: WriteDoor;
  readonly kinds: Kinds;
  readonly authentication: ProxyAuthentication;
  readonly audit: Audit;
  readonly sessions: Sessions;
  readonly platform: Platform;
  readonly zone: string;
  /** `xdsServer.dataplaneDeregistrationDelay`. */
  readonly deregistrationDelayMs: number;
  /** False while the control plane itself stops: then proxies stay registered. */
  readonly isRunning: () => boolean;
}

const typeNames: Readonly<Record<ProxyType, string>> = { dataplane: "Dataplane", ingress: "ZoneIngress", egress: "ZoneEgress" };

export const kindOfProxy = (kinds: Kinds, type: ProxyType): Kind => {
  const kind = kinds.byName(typeNames[type]);
  if (!kind) throw badRequest(`proxies of type ${type} are not served`);
  return kind;
};

/** A proxy's resource from its JSON text; a KumaError lists what is wrong with it. */
export function parseProxyResource(kinds: Kinds, text: string, type: ProxyType): Unstored {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw badRequest("the resource that the proxy brought is not JSON");
  }
  if (!isObject(document)) throw badRequest("the resource that the proxy brought is not an object");
  const kind = kindOfProxy(kinds, type);
  if (document["type"] !== kind.name) throw badRequest(`the resource that the proxy brought is of type ${shown(document["type"])}, expected "${kind.name}"`);
  const { resource } = readDocument(kind, document);
  const violations = validateResource(kind, resource);
  if (violations.length > 0) throw invalid(violations);
  return resource;
}

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : typeof value);

export interface IdentityPlace {
  readonly store: Store;
  readonly zone: string;
}

export function identityOf(type: ProxyType, resource: Pick<Resource, "mesh" | "name" | "labels" | "spec">, { store, zone }: IdentityPlace): ProxyIdentity {
  const tags = new Map<string, Set<string>>();
  const networking = type === "dataplane" ? (resource.spec as Dataplane).networking : undefined;
  for (const set of [...(networking?.inbound ?? []).map((it) => it.tags), networking?.gateway?.tags ?? {}]) {
    for (const [key, value] of Object.entries(set)) tags.set(key, (tags.get(key) ?? new Set()).add(value));
  }
  return { type, mesh: resource.mesh, name: resource.name, tags, labels: resource.labels, zone, workloadBound: workloadIdentityOf(type, resource, store) !== undefined };
}

const workloadIdentityOf = (type: ProxyType, { mesh, labels }: Pick<Resource, "mesh" | "labels">, store: Store) =>
  type === "dataplane" ? workloadIdentity(store.list("MeshIdentity", { mesh }), labels) : undefined;

/** A proxy without the label that its name is made of would have no name. */
function mustHaveWorkload(type: ProxyType, resource: Pick<Resource, "mesh" | "labels">, store: Store): void {
  const identity = workloadIdentityOf(type, resource, store);
  if (!identity || resource.labels[label.workload] !== undefined) return;
  throw badRequest(`missing required label '${label.workload}' - dataplane is selected by MeshIdentity '${identity.name}' with path template '${identity.path}'`);
}

export function openProxyDoor(parts: ProxyDoorParts): ProxyDoor {
  const { store, door, kinds, sessions, platform } = parts;
  const connected = new Map<string, number>();
  let admissions = 0;

  const leave = (key: ResourceKey, wasBrought: boolean) => {
    const name = `${key.type}/${key.mesh}/${key.name}`;
    const generation = connected.get(name);
    if (!wasBrought) connected.delete(name);
    if (!wasBrought || !parts.isRunning()) return;
    platform.clock.after(parts.deregistrationDelayMs, () => {
      if (connected.get(name) !== generation || !parts.isRunning()) return;
      connected.delete(name);
      door.remove({ is: "proxy", name: key.name }, key).catch((error: unknown) => platform.log.warn("could not remove a proxy that left", { proxy: name, error }));
    });
  };

  const admit: ProxyDoor["admit"] = async ({ facts, credential, onRevoked, claim }) => {
    const type = facts.proxyType;
    const kind = kindOfProxy(kinds, type);
    const key: ResourceKey = { type: kind.name, mesh: kind.scope === "Mesh" ? facts.mesh : "", name: facts.name };
    const brought = facts.resourceText === undefined ? undefined : parseProxyResource(kinds, facts.resourceText, type);
    if (brought && (brought.name !== key.name || brought.mesh !== key.mesh)) {
      throw badRequest(`proxyId ${facts.id} does not match proxy resource ${brought.mesh}.${brought.name}`);
    }
    const stored = store.get(key);
    const resource = brought ?? stored;
    if (!resource) throw badRequest(`resource "${facts.id}" not found; create a ${kind.name} in Kuma CP first or pass it as an argument to kuma-dp`);
    if (brought && stored) await mayTakeOver(stored, facts, credential, parts);
    const { facts: credentialFacts } = await authenticate(credential, identityOf(type, resource, parts), parts.authentication);
    mustHaveWorkload(type, resource, store);
    const { zone } = type === "dataplane" ? { zone: "" } : (resource.spec as ZoneIngress | ZoneEgress);
    if (zone && zone !== parts.zone) throw denied(`the proxy ${key.name} belongs to zone "${zone}", this control plane serves zone "${parts.zone}"`, "proxy-not-covered" satisfies RefusalCode);
    claim();
    const name = `${key.type}/${key.mesh}/${key.name}`;
    connected.set(name, ++admissions);
    // Before anything else is waited for: a credential that is revoked meanwhile must find its session.
    const forget = sessions.add({ facts: credentialFacts satisfies CredentialFacts, close: onRevoked });
    const registered = brought ? await register(brought, parts).catch(forgetting(forget)) : resource;
    return {
      key,
      dataplane: type === "dataplane" ? (registered as Resource<Dataplane>) : undefined,
      zoneProxy: type === "dataplane" ? undefined : placeOf(registered as Resource<ZoneIngress | ZoneEgress>, parts.zone),
      leave() {
        forget();
        leave(key, brought !== undefined);
      },
    };
  };
  return {
    admit: (request) => admit(request).catch(auditingProxy(parts.audit, "open a stream", `${request.facts.proxyType}/${request.facts.id}`, request.address)),
  };
}

const placeOf = (resource: Resource<ZoneIngress | ZoneEgress>, zone: string) => ({
  resource, zone, address: resource.spec.networking?.address ?? "", port: resource.spec.networking?.port ?? 0,
});

/** Whoever replaces a stored proxy must have been allowed to be that one. */
async function mayTakeOver(stored: Resource, facts: NodeFacts, credential: string, parts: ProxyDoorParts): Promise<void> {
  try {
    await authenticateProxy(credential, identityOf(facts.proxyType, stored, parts), parts.authentication);
  } catch (error) {
    const reason = error instanceof KumaError ? error.failure.message : "";
    throw denied(`could not register proxy passed in kuma-dp run: you are trying to override existing proxy to which you don't have an access. ${reason}`, "proxy-not-covered" satisfies RefusalCode);
  }
}

async function authenticate(credential: string, identity: ProxyIdentity, rules: ProxyAuthentication) {
  try {
    return await authenticateProxy(credential, identity, rules);
  } catch (error) {
    if (error instanceof KumaError) throw unauthenticated(`authentication failed: ${error.failure.message}`, error.refusal);
    throw error;
  }
}

const forgetting = (forget: () => void) => (error: unknown) => {
  forget();
  throw error;
};

async function register(resource: Unstored, { door }: ProxyDoorParts): Promise<Resource> {
  try {
    return (await door.writeResource({ is: "proxy", name: resource.name }, resource)).resource;
  } catch (error) {
    if (error instanceof KumaError) throw new KumaError({ ...error.failure, message: `could not register proxy passed in kuma-dp run: ${error.failure.message}` }, { cause: error });
    throw error;
  }
}
