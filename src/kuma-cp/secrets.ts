// Signing keys and revocation lists as the store has them now; derived again only when a secret changed.
import type { Secret } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { memoOn } from "#mesh";
import type { Resource } from "#resources";
import { findKey, keysNamed, parseRevocations, revocationSecret, signingKeySecret, type KeySource, type Revocations, type TokenKind } from "#security";
import type { Store } from "#store";

export const secretText = memoOn((secret: Resource): string => Buffer.from((secret.spec as Secret).data ?? new Uint8Array()).toString("utf8"));

/** Keys of dataplane tokens are Secrets of their mesh, all others GlobalSecrets. */
export function storedKeys(store: Store): KeySource {
  const keysOf = memoOn((secrets: readonly Resource[]) => {
    const byPrefix = new Map<string, ReturnType<typeof keysNamed>>();
    return (prefix: string) => {
      let keys = byPrefix.get(prefix);
      if (!keys) {
        keys = keysNamed(prefix, secrets.map((it) => ({ name: it.name, data: secretText(it) })));
        byPrefix.set(prefix, keys);
      }
      return keys;
    };
  });
  const keysFor = (kind: TokenKind, mesh: string) => keysOf(secretsFor(store, kind, mesh))(signingKeySecret(kind, mesh, "0"));
  return {
    find: (kind, mesh, kid) => findKey(keysFor(kind, mesh), kid),
    latest(kind, mesh) {
      const newest = keysFor(kind, mesh)[0];
      return newest && { kid: newest.kid, privatePem: newest.pem };
    },
  };
}

const secretsFor = (store: Store, kind: TokenKind, mesh: string): readonly Resource[] => (kind === "dataplane" ? store.list("Secret", { mesh }) : store.list("GlobalSecret"));

/** A list for dataplane tokens counts wherever it was put: the documented mesh Secret, or the GlobalSecret that the reference reads. */
export function storedRevocations(store: Store): Revocations {
  const idsOf = memoOn((secret: Resource) => parseRevocations(secretText(secret)));
  return {
    isRevoked(kind, mesh, jti) {
      const name = revocationSecret(kind, mesh);
      const lists = [store.get({ type: "GlobalSecret", mesh: "", name }), kind === "dataplane" ? store.get({ type: "Secret", mesh, name }) : undefined];
      return lists.some((it) => it !== undefined && idsOf(it).has(jti));
    },
  };
}

/** True for names whose change can end somebody's credential. */
export const isCredentialSecret = (name: string): boolean => /token-(signing|revocations)/.test(name);
