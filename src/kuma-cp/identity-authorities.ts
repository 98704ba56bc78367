// Authorities of MeshIdentities: made or read from where they were put, opened once, kept while they are good (spec/security.md 7.7).
import { create } from "@bufbuild/protobuf";
import type { OpenedAuthority } from "#controllers";
import { SecretSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { kriOfIdentity, trustDomainOf } from "#mesh";
import { followFiles, type Platform, readIfExists, reasonOf } from "#platform";
import { durationMs, failureOf } from "#resources";
import type { MeshIdentity } from "#resources/kinds";
import { checkProvidedAuthority, isSelfSigned, makeBuiltinRoot, openAuthority, type MeshAuthority } from "#security";
import type { Store } from "#store";
import type { WriteDoor } from "#write";
import type { AuthoritySource, Issuer } from "#xds";
import type { MeshAuthorities } from "./authorities.ts";
import { secretText } from "./secrets.ts";

const dayMs = 86_400_000;
const authorityLifeMs = 10 * 365 * dayMs;
const writer = { is: "controller", name: "mesh-identities" } as const;

type Bundled = NonNullable<NonNullable<MeshIdentity["spec"]["provider"]>["bundled"]>;
type Source = NonNullable<NonNullable<Bundled["ca"]>["certificate"]>;

interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
}

interface Opened extends Pair {
  readonly authority: MeshAuthority;
  readonly issuer: Issuer;
}

export interface IdentityAuthorities extends Pick<AuthoritySource, "identityAuthorityOf" | "onChange"> {
  open(identity: MeshIdentity): Promise<OpenedAuthority>;
  keepOnly(mesh: string, identities: readonly MeshIdentity[]): void;
  onFileChange(listener: (mesh: string) => void): () => void;
  close(): void;
}

export interface IdentityAuthorityParts {
  readonly store: Store;
  readonly door: WriteDoor;
  readonly platform: Platform;
  readonly zone: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function identityAuthorities(parts: IdentityAuthorityParts): IdentityAuthorities {
  const { platform, zone } = parts;
  const opened = new Map<string, Opened>();
  const files = new Map<string, { readonly paths: string; readonly end: () => void }>();
  const listeners = new Set<(mesh: string) => void>();
  const fileListeners = new Set<(mesh: string) => void>();
  const keyOf = (mesh: string, name: string) => `${mesh}/${name}`;
  const follow = (identity: MeshIdentity) => {
    const key = keyOf(identity.mesh, identity.name);
    const paths = filesOf(identity);
    const text = paths.join("\n");
    if (files.get(key)?.paths === text) return;
    files.get(key)?.end();
    const end = paths.length === 0 ? () => {} : followFiles(paths, platform.clock, () => fileListeners.forEach((tell) => tell(identity.mesh)));
    files.set(key, { paths: text, end });
  };
  return {
    identityAuthorityOf: (mesh, name) => opened.get(keyOf(mesh, name))?.issuer,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onFileChange(listener) {
      fileListeners.add(listener);
      return () => fileListeners.delete(listener);
    },
    keepOnly(mesh, identities) {
      const names = new Set(identities.filter((it) => it.spec.provider?.type === "Bundled").map((it) => keyOf(mesh, it.name)));
      for (const key of [...opened.keys(), ...files.keys()]) {
        if (!key.startsWith(`${mesh}/`) || names.has(key)) continue;
        opened.delete(key);
        files.get(key)?.end();
        files.delete(key);
      }
    },
    async open(identity) {
      follow(identity);
      const loaded = await load(identity, parts);
      if ("is" in loaded) return loaded;
      const key = keyOf(identity.mesh, identity.name);
      const known = opened.get(key);
      const isSame = known?.certPem === loaded.certPem && known.keyPem === loaded.keyPem;
      const authority = isSame ? known.authority : openAuthority(loaded, { leafKeys: "likeAuthority" });
      const lifetimeMs = durationMs(identity.spec.provider?.bundled?.certificateParameters?.expiry) || dayMs;
      opened.set(key, { ...loaded, authority, issuer: { authority, backend: kriOfIdentity(identity), lifetimeMs, isOfIdentity: true } });
      if (!isSame) {
        platform.log.child("identity").info("the authority of a MeshIdentity is ready", { mesh: identity.mesh, identity: identity.name, zone });
        for (const tell of listeners) tell(identity.mesh);
      }
      return { is: "open", caPem: authority.caPem };
    },
    close() {
      for (const { end } of files.values()) end();
    },
  };
}

/** All authorities of a mesh in one. */
export function joinAuthorities(ofMeshes: MeshAuthorities, ofIdentities: IdentityAuthorities): AuthoritySource {
  return {
    authorityOf: (mesh) => ofMeshes.authorityOf(mesh),
    othersOf: (mesh) => ofMeshes.othersOf(mesh),
    identityAuthorityOf: (mesh, identity) => ofIdentities.identityAuthorityOf(mesh, identity),
    onChange(listener) {
      const ends = [ofMeshes.onChange(listener), ofIdentities.onChange(listener)];
      return () => ends.forEach((end) => end());
    },
  };
}

const failed = (reason: "ProviderInitializationError" | "ProviderValidationError", message: string): OpenedAuthority => ({ is: "failed", reason, message });

async function load(identity: MeshIdentity, parts: IdentityAuthorityParts): Promise<Pair | OpenedAuthority> {
  const bundled = identity.spec.provider?.bundled ?? {};
  const isGenerated = bundled.autogenerate?.enabled === true;
  let pair: Pair;
  try {
    pair = isGenerated ? await generated(identity, parts) : await provided(identity, bundled, parts);
  } catch (error) {
    return failed(isGenerated ? "ProviderInitializationError" : "ProviderValidationError", failureOf(error)?.message ?? reasonOf(error));
  }
  const [problem] = checkProvidedAuthority(pair.certPem, pair.keyPem);
  if (problem) return failed("ProviderValidationError", `${problem.field}: ${problem.message}`);
  if (!bundled.insecureAllowSelfSigned && isSelfSigned(pair.certPem)) return failed("ProviderValidationError", "self-signed certificates are not allowed");
  return pair;
}

/** The pair of two Secrets of the mesh; made when one of them is missing. */
async function generated(identity: MeshIdentity, { store, door, platform, zone }: IdentityAuthorityParts): Promise<Pair> {
  const { mesh } = identity;
  const [certName, keyName] = [`${identity.name}-root-ca`, `${identity.name}-private-key`];
  const text = (name: string) => {
    const secret = store.get({ type: "Secret", mesh, name });
    return secret && secretText(secret);
  };
  const [certPem, keyPem] = [text(certName), text(keyName)];
  if (certPem && keyPem) return { certPem, keyPem };
  const domain = trustDomainOf(identity, zone);
  if ("error" in domain) throw new Error(`executing template failed: ${domain.error}`);
  const root = await makeBuiltinRoot({ trustDomain: domain.text, expiryMs: authorityLifeMs, now: platform.clock.now() });
  const put = (name: string, pem: string) =>
    door.writeResource(writer, { type: "Secret", mesh, name, labels: {}, owner: { type: "MeshIdentity", mesh, name: identity.name }, spec: create(SecretSchema, { data: Buffer.from(pem) }) });
  // The key first: a certificate without its key would be taken for half an authority.
  await put(keyName, root.keyPem);
  await put(certName, root.certPem);
  return root;
}

async function provided(identity: MeshIdentity, { ca }: Bundled, parts: IdentityAuthorityParts): Promise<Pair> {
  if (!ca?.certificate || !ca.privateKey) throw new Error("the authority's certificate and private key must be defined");
  return { certPem: await read(ca.certificate, identity.mesh, parts), keyPem: await read(ca.privateKey, identity.mesh, parts) };
}

async function read(source: Source, mesh: string, { store, env }: IdentityAuthorityParts): Promise<string> {
  if (source.type === "InsecureInline") return source.insecureInline?.value ?? "";
  if (source.type === "File") return readText(source.file?.path ?? "");
  if (source.type === "EnvVar") {
    const value = env[source.envVar?.name ?? ""];
    if (!value) throw new Error(`environment variable ${source.envVar?.name} of the control plane is not set`);
    return value;
  }
  const name = source.secretRef?.name ?? "";
  const secret = store.get({ type: "Secret", mesh, name });
  if (!secret) throw new Error(`resource not found: type="Secret" name="${name}" mesh="${mesh}"`);
  return secretText(secret);
}

async function readText(path: string): Promise<string> {
  const content = await readIfExists(path);
  if (!content) throw new Error(`open ${path}: no such file or directory`);
  return content.toString("utf8");
}

function filesOf({ spec }: MeshIdentity): readonly string[] {
  const ca = spec.provider?.bundled?.ca;
  return [ca?.certificate, ca?.privateKey].flatMap((it) => (it?.type === "File" && it.file ? [it.file.path] : []));
}
