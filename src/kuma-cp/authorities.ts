// The certificate authority of each mesh as its enabled backend says: builtin from the store, provided from where it was put.
import { readFileSync } from "node:fs";
import type { JsonValue } from "@bufbuild/protobuf";
import type { CertificateAuthorityBackend, Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Log } from "#platform";
import { isObject, type Resource } from "#resources";
import { checkProvidedAuthority, openAuthority, type MeshAuthority } from "#security";
import type { Store } from "#store";
import { secretsOfBackend, type CheckBackend } from "#write";
import type { AuthoritySource } from "#xds";
import { secretText } from "./secrets.ts";

const dayMs = 86_400_000;

interface Opened {
  readonly certPem: string;
  readonly keyPem: string;
  readonly authority: MeshAuthority;
}

export function storedAuthorities(store: Store, log: Log): Pick<AuthoritySource, "authorityOf"> {
  const opened = new Map<string, Opened>();
  return {
    authorityOf(mesh) {
      const resource = store.get({ type: "Mesh", mesh: "", name: mesh }) as Resource<Mesh> | undefined;
      const mtls = resource?.spec.mtls;
      const backend = mtls?.backends.find((it) => it.name === mtls.enabledBackend);
      const pair = backend && pairOf(store, mesh, backend);
      if (!backend || !pair) return undefined;
      const known = opened.get(mesh);
      const lifetimeMs = lifetimeOf(backend);
      if (known?.certPem === pair.certPem && known.keyPem === pair.keyPem) return { authority: known.authority, backend: backend.name, lifetimeMs };
      try {
        const authority = openAuthority(pair);
        opened.set(mesh, { ...pair, authority });
        return { authority, backend: backend.name, lifetimeMs };
      } catch (error) {
        log.error("the certificate authority of a mesh is unusable", { mesh, backend: backend.name, error });
        return undefined;
      }
    },
  };
}

function pairOf(store: Store, mesh: string, backend: CertificateAuthorityBackend): { readonly certPem: string; readonly keyPem: string } | undefined {
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
  const certPem = readSource(backend.conf?.["cert"], text);
  const keyPem = readSource(backend.conf?.["key"], text);
  return certPem && keyPem ? { certPem, keyPem } : undefined;
}

function readSource(source: JsonValue | undefined, secret: (name: string) => string | undefined): string | undefined {
  if (!isObject(source)) return undefined;
  if (typeof source["secret"] === "string") return secret(source["secret"]);
  if (typeof source["inline"] === "string") return Buffer.from(source["inline"], "base64").toString("utf8");
  if (typeof source["inlineString"] === "string") return source["inlineString"];
  if (typeof source["file"] !== "string") return undefined;
  try {
    return readFileSync(source["file"], "utf8");
  } catch {
    return undefined;
  }
}

/** Checks certificate and key of a provided backend when the mesh is written. */
export function providedPairCheck(store: Store): CheckBackend {
  return (mesh, backend) => {
    const pair = pairOf(store, mesh, backend);
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
