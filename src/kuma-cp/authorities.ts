// The certificate authority of each mesh as its enabled backend says: builtin from the store, provided from where it was put.
import { readFileSync } from "node:fs";
import type { JsonValue } from "@bufbuild/protobuf";
import type { CertificateAuthorityBackend, Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { DataplaneInsight } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { memoOn } from "#mesh";
import { followFiles, readIfExists, type Clock, type Platform } from "#platform";
import { isObject, type Resource } from "#resources";
import { checkProvidedAuthority, openAuthority, type MeshAuthority } from "#security";
import type { Store } from "#store";
import { secretsOfBackend, type CheckBackend } from "#write";
import type { AuthoritySource } from "#xds";
import { secretText } from "./secrets.ts";

const dayMs = 86_400_000;

interface Opened extends Pair {
  readonly authority: MeshAuthority;
}

interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface MeshAuthorities extends Pick<AuthoritySource, "authorityOf" | "othersOf" | "onChange"> {
  close(): void;
}

/** Answers of one turn of changes are looked at together. */
const gatherMs = 100;

export function storedAuthorities(store: Store, { log, clock }: Pick<Platform, "log" | "clock">): MeshAuthorities {
  const opened = new Map<string, Opened>();
  const listeners = new Set<(mesh: string) => void>();
  const tell = (mesh: string) => {
    for (const listener of listeners) listener(mesh);
  };
  const files = followedFiles(clock, () => store.list("Mesh").forEach((it) => tell(it.name)));
  const open = (mesh: string, backend: CertificateAuthorityBackend): MeshAuthority | undefined => {
    const pair = pairOf(store, mesh, backend, (path) => files.read(path));
    if (!pair) return undefined;
    const key = `${mesh}/${backend.name}`;
    const known = opened.get(key);
    if (known?.certPem === pair.certPem && known.keyPem === pair.keyPem) return known.authority;
    try {
      const authority = openAuthority(pair);
      opened.set(key, { ...pair, authority });
      return authority;
    } catch (error) {
      log.error("the certificate authority of a mesh is unusable", { mesh, backend: backend.name, error });
      return undefined;
    }
  };
  const meshOf = (name: string) => store.get({ type: "Mesh", mesh: "", name }) as Resource<Mesh> | undefined;
  /** Backends besides the enabled one that proxies still have certificates of; for proxies of an earlier run their insights say so. */
  const others = (name: string): readonly CertificateAuthorityBackend[] => {
    const mtls = meshOf(name)?.spec.mtls;
    if (!mtls?.enabledBackend || mtls.backends.length < 2) return [];
    const inUse = backendsInUse(store.list("DataplaneInsight", { mesh: name }));
    return mtls.backends.filter((it) => it.name !== mtls.enabledBackend && inUse.has(it.name));
  };
  /** Names as they were answered last: who asked hears when they are others. */
  const lastOthers = new Map<string, string>();
  const dirty = new Set<string>();
  const look = () => {
    for (const mesh of [...dirty]) {
      dirty.delete(mesh);
      const names = others(mesh).map((it) => it.name).join(" ");
      if ((lastOthers.get(mesh) ?? "") !== names) tell(mesh);
    }
  };
  const unfollow = store.follow((changes) => {
    const wasIdle = dirty.size === 0;
    for (const { key } of changes) if (key.type === "DataplaneInsight" && (meshOf(key.mesh)?.spec.mtls?.backends.length ?? 0) > 1) dirty.add(key.mesh);
    if (wasIdle && dirty.size > 0) clock.after(gatherMs, look);
  });
  return {
    authorityOf(mesh) {
      const mtls = meshOf(mesh)?.spec.mtls;
      const backend = mtls?.backends.find((it) => it.name === mtls.enabledBackend);
      const authority = backend && open(mesh, backend);
      return authority && { authority, backend: backend.name, lifetimeMs: lifetimeOf(backend), isOfIdentity: false };
    },
    othersOf(mesh) {
      const backends = others(mesh);
      if (backends.length > 0 || lastOthers.has(mesh)) lastOthers.set(mesh, backends.map((it) => it.name).join(" "));
      return backends.flatMap((it) => open(mesh, it) ?? []);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      unfollow();
      files.end();
    },
  };
}

const backendsInUse = memoOn((insights: readonly Resource[]): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { spec } of insights as readonly Resource<DataplaneInsight>[]) {
    if (spec.mTLS && spec.subscriptions.some((it) => it.connectTime && !it.disconnectTime)) names.add(spec.mTLS.issuedBackend);
  }
  return names;
});

/** Files of provided authorities: read once, and again when they change. */
function followedFiles(clock: Clock, onChange: () => void) {
  const known = new Map<string, { text: string | undefined; readonly end: () => void }>();
  return {
    read(path: string): string | undefined {
      const entry = known.get(path) ?? { text: readNow(path), end: followFiles([path], clock, () => void reread(path)) };
      known.set(path, entry);
      return entry.text;
    },
    end() {
      for (const { end } of known.values()) end();
    },
  };
  async function reread(path: string): Promise<void> {
    const entry = known.get(path);
    const text = (await readIfExists(path).catch(() => undefined))?.toString("utf8");
    if (!entry || text === entry.text) return;
    entry.text = text;
    onChange();
  }
}

function readNow(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

type ReadFile = (path: string) => string | undefined;

function pairOf(store: Store, mesh: string, backend: CertificateAuthorityBackend, readText: ReadFile): Pair | undefined {
  const text = (name: string) => {
    const secret = store.get({ type: "Secret", mesh, name });
    return secret && secretText(secret);
  };
  if (backend.type === "builtin") {
    const [certName = "", keyName = ""] = secretsOfBackend(mesh, backend);
    const certPem = text(certName);
    const keyPem = text(keyName);
    return certPem && keyPem ? { certPem, keyPem } : undefined;
  }
  const certPem = readSource(backend.conf?.["cert"], text, readText);
  const keyPem = readSource(backend.conf?.["key"], text, readText);
  return certPem && keyPem ? { certPem, keyPem } : undefined;
}

function readSource(source: JsonValue | undefined, secret: (name: string) => string | undefined, readText: ReadFile): string | undefined {
  if (!isObject(source)) return undefined;
  if (typeof source["secret"] === "string") return secret(source["secret"]);
  if (typeof source["inline"] === "string") return Buffer.from(source["inline"], "base64").toString("utf8");
  if (typeof source["inlineString"] === "string") return source["inlineString"];
  return typeof source["file"] === "string" ? readText(source["file"]) : undefined;
}

/** Checks certificate and key of a provided backend when the mesh is written. */
export function providedPairCheck(store: Store): CheckBackend {
  return (mesh, backend) => {
    const pair = pairOf(store, mesh, backend, readNow);
    if (!pair) return [{ field: "cert", message: "could not be loaded: the secret or file does not exist" }];
    return checkProvidedAuthority(pair.certPem, pair.keyPem);
  };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: dayMs, w: 7 * dayMs, y: 365 * dayMs };

/** `30d` and the like: one number, one unit (spec/security.md 7.1). */
export function meshDuration(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+)(ms|s|m|h|d|w|y)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (units[unit] ?? 0);
}

const lifetimeOf = (backend: CertificateAuthorityBackend): number => meshDuration(backend.dpCert?.rotation?.expiration ?? "") || dayMs;
