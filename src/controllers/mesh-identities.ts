// Sets up each MeshIdentity: its authority, the MeshTrust that lets others accept it, and what people read of it in its status (spec/security.md 7.7, 7.8).
import { isDeepStrictEqual } from "node:util";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { Mesh_MeshServices_Mode as ServicesMode, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { assignIdentity, isProblem, kriOfIdentity, trustDomainOf } from "#mesh";
import type { Part } from "#platform";
import type { Resource, Unstored } from "#resources";
import type { Condition, MeshIdentity, MeshTrust, MeshTrustSpec } from "#resources/kinds";
import { byMesh, react, type ControllerParts, type Decision, type Write } from "./reaction.ts";

/** What became of an identity's authority. */
export type OpenedAuthority =
  | { readonly is: "open"; readonly caPem: string }
  | { readonly is: "failed"; readonly reason: "ProviderInitializationError" | "ProviderValidationError"; readonly message: string };

export interface MeshIdentityOptions extends ControllerParts {
  readonly zone: string;
  readonly authorities: {
    /** Makes what is missing of it, loads and checks it. Never rejects. */
    open(identity: MeshIdentity): Promise<OpenedAuthority>;
    /** The authorities of all other MeshIdentities of the mesh are of no use any more. */
    keepOnly(mesh: string, identities: readonly MeshIdentity[]): void;
    /** Tells when a file that an authority comes from has changed. */
    onFileChange(listener: (mesh: string) => void): () => void;
  };
}

/** Runs on the leader of a zone. */
export function keepMeshIdentities(options: MeshIdentityOptions): Part {
  const { store, authorities } = options;
  return react({
    ...options,
    name: "mesh-identities",
    gapMs: 50,
    ...byMesh(store, ["MeshIdentity", "MeshTrust", "Secret", "Dataplane"]),
    follow: (touch) => authorities.onFileChange(touch),
    decide: (mesh) => decide(options, mesh),
  });
}

async function decide({ store, authorities, zone }: MeshIdentityOptions, name: string): Promise<Decision> {
  const mesh = store.get({ type: "Mesh", mesh: "", name }) as Resource<Mesh> | undefined;
  const identities = mesh ? (store.list("MeshIdentity", { mesh: name }) as readonly MeshIdentity[]) : [];
  authorities.keepOnly(name, identities);
  if (!mesh || identities.length === 0) return { writes: [], nextAt: Infinity };
  const problems = problemsOf(identities, store.list("Dataplane", { mesh: name }) as readonly Resource<Dataplane>[], zone);
  const writes: Write[] = [];
  // One after the other: they are few, and each may make a key.
  for (const identity of identities) {
    const trust = store.get({ type: "MeshTrust", mesh: name, name: identity.name }) as MeshTrust | undefined;
    const outcome = await setUp(identity, { mesh, zone, trust, authorities });
    if (outcome.trust) writes.push({ is: "update", key: { type: "MeshTrust", mesh: name, name: identity.name }, change: outcome.trust });
    writes.push(...statusWrite(identity, [...outcome.conditions, ...(problems.get(identity.name) ?? []), ready(outcome.conditions)]));
  }
  return { writes, nextAt: Infinity };
}

interface SetUp {
  readonly conditions: readonly Condition[];
  /** Makes the next MeshTrust; undefined when the stored one is as it should be. */
  readonly trust?: (current: Resource | undefined) => Unstored | undefined;
}

interface Surroundings extends Pick<MeshIdentityOptions, "authorities" | "zone"> {
  readonly mesh: Resource<Mesh>;
  readonly trust: MeshTrust | undefined;
}

async function setUp(identity: MeshIdentity, { mesh, zone, authorities }: Surroundings): Promise<SetUp> {
  if (mesh.spec.meshServices?.mode !== ServicesMode.Exclusive) {
    const message = "MeshIdentity requires MeshServices to be enabled on the mesh. To enable, set `spec.meshServices.mode: Exclusive` on the mesh.";
    return { conditions: [condition("DependenciesReady", "False", "MeshServicesDisabled", message)] };
  }
  const { provider } = identity.spec;
  if (!provider) return { conditions: [condition("SpiffeIDProvider", "True", "SpiffeIDProvided", "Providing only SpiffeIDs for services.")] };
  if (provider.type === "Extension") return { conditions: [condition("Provider", "False", "ProviderNotFoundError", `provider: ${provider.type} not found`)] };
  const working = condition("Provider", "True", "ProviderInitialized", "Provider successfully initialized");
  if (provider.type === "Spire") return { conditions: [working] };
  const opened = await authorities.open(identity);
  if (opened.is === "failed") return { conditions: [condition("Provider", "False", opened.reason, opened.message), ...keptTrust(identity)] };
  if (provider.bundled?.meshTrustCreation === "Disabled") return { conditions: [working] };
  const domain = trustDomainOf(identity, zone);
  if ("error" in domain) return { conditions: [working, condition("MeshTrustCreated", "False", "MeshTrustCreationError", domain.error)] };
  return {
    conditions: [working, condition("MeshTrustCreated", "True", "MeshTrustCreated", "MeshTrust has been successfully created")],
    trust: (current) => nextTrust(identity, domain.text, opened.caPem, current as MeshTrust | undefined),
  };
}

/** Proxies that have the identity keep it while its authority is out of reach; the trust that was made stays. */
const keptTrust = ({ status }: MeshIdentity): readonly Condition[] => status?.conditions?.filter((it) => it.type === "MeshTrustCreated" && it.status === "True") ?? [];

function ready(conditions: readonly Condition[]): Condition {
  if (conditions.some((it) => it.status === "False")) return condition("Ready", "False", "Failure", "One of initialization steps failed");
  if (conditions.some((it) => it.type === "SpiffeIDProvider")) return condition("Ready", "False", "PartiallyReady", "Running in SpiffeID providing only mode.");
  return condition("Ready", "True", "Ready", "Successfully initialized");
}

const condition = (type: string, status: Condition["status"], reason: string, message: string): Condition => ({ type, status, reason, message });

function nextTrust(identity: MeshIdentity, trustDomain: string, caPem: string, current: MeshTrust | undefined): Unstored | undefined {
  const bundle = { type: "Pem" as const, pem: { value: caPem } };
  const holds = current?.spec.caBundles.some((it) => it.pem?.value.trim() === caPem.trim()) === true;
  // A changed authority is added: certificates of the one before are still in use.
  if (current) return holds ? undefined : { ...current, spec: { ...current.spec, caBundles: [...current.spec.caBundles, bundle] } };
  const spec: MeshTrustSpec = { trustDomain, caBundles: [bundle] };
  return { type: "MeshTrust", mesh: identity.mesh, name: identity.name, labels: {}, spec, status: { origin: { kri: kriOfIdentity(identity) } } };
}

/** Proxies that a MeshIdentity selects and cannot name. */
function problemsOf(identities: readonly MeshIdentity[], dataplanes: readonly Resource<Dataplane>[], zone: string): ReadonlyMap<string, readonly Condition[]> {
  const found = new Map<string, string[]>();
  for (const dataplane of dataplanes) {
    const assigned = assignIdentity(identities, dataplane, zone);
    if (isProblem(assigned)) found.set(assigned.identity, [...(found.get(assigned.identity) ?? []), `Dataplane "${dataplane.name}": ${assigned.problem}`]);
  }
  return new Map([...found].map(([name, texts]) => {
    const more = texts.length > 3 ? ` and ${texts.length - 3} more` : "";
    return [name, [condition("SpiffeIDsResolved", "False", "SpiffeIDError", `${texts.slice(0, 3).join("; ")}${more}`)]];
  }));
}

function statusWrite(identity: MeshIdentity, conditions: readonly Condition[]): readonly Write[] {
  const next = (current: MeshIdentity) => (isDeepStrictEqual(current.status?.conditions, conditions) ? undefined : { ...current, status: { conditions: [...conditions] } });
  return next(identity) ? [{ is: "update", key: identity, change: (current) => current && next(current as MeshIdentity) }] : [];
}
