// What a profile of `kumactl export` holds, in which order, and what another control plane needs different.
import { listAt, objectAt, textAt, type Json } from "../documents/rows.ts";

export const profiles = ["all", "federation", "federation-with-policies", "no-dataplanes"] as const;
export type Profile = (typeof profiles)[number];

export const isFederation = (profile: Profile): boolean => profile === "federation" || profile === "federation-with-policies";

export interface ExportedKind {
  readonly name: string;
  readonly path: string;
  readonly scope: "Mesh" | "Global";
}

export interface Exported {
  readonly kind: ExportedKind;
  readonly item: Json;
}

export interface Choice {
  readonly profile: Profile;
  readonly includesAdmin: boolean;
}

const adminKinds = ["Secret", "GlobalSecret"];
const dataplaneKinds = ["Dataplane", "DataplaneInsight"];

/** From the control plane's own list of kinds: Mesh, Secret, the others by name, GlobalSecret. */
export function kindsOf(resources: Json, { profile, includesAdmin }: Choice): ExportedKind[] {
  const isWanted = (it: unknown): boolean => {
    const name = textAt(it, "name");
    if (adminKinds.includes(name)) return isFederation(profile) || includesAdmin;
    if (profile === "no-dataplanes") return !dataplaneKinds.includes(name);
    if (!isFederation(profile)) return true;
    if (objectAt(it)["includeInFederation"] !== true) return false;
    return profile === "federation-with-policies" || !(objectAt(it, "policy")["isTargetRef"] === true || name === "MeshGateway");
  };
  const rank = (name: string): number => (name === "Mesh" ? 0 : name === "Secret" ? 1 : name === "GlobalSecret" ? 3 : 2);
  return listAt(resources, "resources")
    .filter(isWanted)
    .map((it) => ({ name: textAt(it, "name"), path: textAt(it, "path"), scope: textAt(it, "scope") === "Global" ? ("Global" as const) : ("Mesh" as const) }))
    .toSorted((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

const ofThisControlPlane = ["envoy-admin-ca", "inter-cp-ca"];
const userSigningKey = "user-token-signing-key";

/** Keys of user tokens come last: once they are applied, the token of whoever applies is no longer good. */
export function ordered(all: readonly Exported[]): Exported[] {
  const kept = all.filter(({ kind, item }) => kind.name !== "GlobalSecret" || !ofThisControlPlane.includes(textAt(item, "name")));
  const isLast = ({ kind, item }: Exported) => kind.name === "GlobalSecret" && textAt(item, "name").startsWith(userSigningKey);
  return [...kept.filter((it) => !isLast(it)), ...kept.filter(isLast)];
}

/** Takes a resource, or its object of Kubernetes. */
export function forFederation(kind: ExportedKind, document: Json, profile: Profile): Json {
  const isObject = "metadata" in document;
  const portable = kind.name === "Mesh" ? portableMesh(document, isObject) : document;
  if (!isFederation(profile)) return portable;
  return isObject ? { ...portable, metadata: withoutOrigin(objectAt(portable, "metadata")) } : withoutOrigin(portable);
}

function withoutOrigin(holder: Json): Json {
  if (!("labels" in holder)) return holder;
  const labels = Object.fromEntries(Object.entries(objectAt(holder, "labels")).filter(([name]) => name !== "kuma.io/origin"));
  const { labels: _, ...rest } = holder;
  return Object.keys(labels).length > 0 ? { ...holder, labels } : rest;
}

/** Default policies come with the export; a builtin authority goes on with the key and certificate in the secrets of the export. */
function portableMesh(document: Json, isObject: boolean): Json {
  const spec = isObject ? objectAt(document, "spec") : document;
  const name = isObject ? textAt(document, "metadata", "name") : textAt(document, "name");
  const mtls = objectAt(spec, "mtls");
  const backends = listAt(mtls, "backends").map((it) => provided(name, objectAt(it)));
  const hasBuiltin = listAt(mtls, "backends").some((it) => textAt(it, "type") === "builtin");
  const changed = { ...spec, skipCreatingInitialPolicies: ["*"], ...("mtls" in spec ? { mtls: { ...mtls, backends, ...(hasBuiltin ? { skipValidation: true } : {}) } } : {}) };
  return isObject ? { ...document, spec: changed } : changed;
}

function provided(mesh: string, backend: Json): Json {
  if (textAt(backend, "type") !== "builtin") return backend;
  const secret = (part: string) => ({ secret: `${mesh}.ca-builtin-${part}-${textAt(backend, "name")}` });
  return { ...backend, type: "provided", conf: { cert: secret("cert"), key: secret("key") } };
}
