// Who presents what on which channel, by which anchor it is known, and for how long: for people (`GET /_trust`) and for alarms (metrics).
import { Gauge } from "prom-client";
import type { DataplaneInsight } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Platform } from "#platform";
import type { Resource } from "#resources";
import { certificateMetrics, describeCertificates, type CertificateSummary, type CredentialFacts, type TlsFacts } from "#security";
import type { Store } from "#store";
import type { AuthoritySource } from "#xds";
import { tlsServers, type ServerCertificates } from "./certificates.ts";
import { secretText } from "./secrets.ts";

export interface TrustParts {
  readonly store: Store;
  readonly certificates: ServerCertificates;
  readonly authorities: AuthoritySource;
  readonly sessions: { facts(): readonly CredentialFacts[] };
  /** Everything that is connected now. */
  readonly live: () => readonly LiveConnection[];
  readonly platform: Platform;
}

export interface LiveConnection {
  readonly channel: string;
  readonly protocol: string;
  /** Of a stream: `<type>/<mesh>/<name>`. */
  readonly proxy?: string;
  readonly tls: TlsFacts | undefined;
  readonly hasClientCertificate?: boolean;
}

export interface Trust {
  document(): object;
  close(): void;
}

const dayMs = 86_400_000;
const signingKey = /^(dataplane|zone|user)-token-signing-key(?:-(.+))?$/;

export function openTrust(parts: TrustParts): Trust {
  const { store, certificates, platform } = parts;
  const { expiry } = certificateMetrics(platform.metrics);
  let labels = new Set<string>();
  const measure = () => {
    try {
      measureNow();
    } catch (error) {
      // A secret that holds no certificate is its owner's mistake; what was measured stays.
      platform.log.warn("the ends of certificates could not be measured", { error });
    }
  };
  const measureNow = () => {
    const ends = new Map<string, number>();
    for (const { channel, certificate } of [...channelsOf(parts), ...authoritiesOfStore(parts)]) ends.set(channel, Math.min(certificate.notAfter, ends.get(channel) ?? Infinity));
    for (const channel of labels) if (!ends.has(channel)) expiry.remove({ channel });
    for (const [channel, end] of ends) expiry.set({ channel }, end / 1000);
    labels = new Set(ends.keys());
  };
  keyAges(parts);
  measure();
  const stops = [
    store.follow((changes) => {
      if (changes.some(({ key }) => key.type === "Mesh" || key.type === "MeshIdentity" || key.type === "Secret" || key.type === "GlobalSecret")) measure();
    }),
    certificates.onChange(measure),
  ];
  return {
    document() {
      const now = platform.clock.now();
      const shown = ({ notAfter, ...certificate }: CertificateSummary) => ({ ...certificate, notAfter: new Date(notAfter).toISOString(), daysLeft: Math.floor((notAfter - now) / dayMs) });
      return {
        channels: channelsOf(parts).map(({ channel, certificate, ...rest }) => ({ channel, presents: shown(certificate), ...rest })),
        authorities: authoritiesOfStore(parts).map(({ channel, certificate }) => ({ channel, ...shown(certificate) })),
        signingKeys: signingKeysOf(store).map(({ createdAt, ...key }) => ({ ...key, createdAt: new Date(createdAt).toISOString(), ageDays: Math.floor((now - createdAt) / dayMs) })),
        workloads: workloadsOf(store, now),
        connections: connectionsOf(parts),
      };
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}

interface Channel {
  readonly channel: string;
  readonly certificate: CertificateSummary;
  /** What verifies it: its own authority when the file has one, else the issuer's name. */
  readonly anchor: string;
  readonly tls: string;
  readonly clients: string;
}

function channelsOf({ certificates }: TrustParts): readonly Channel[] {
  return tlsServers.flatMap((server) => {
    const { source, minVersion, maxVersion, requireClientCert = "no", clientCa } = certificates.tls(server);
    const [leaf, ...others] = describeCertificates(source.current().certPem);
    if (!leaf) return [];
    const anchor = others.find((it) => it.subject === leaf.issuer) ?? (leaf.isAuthority ? leaf : undefined);
    const clients = requireClientCert === "no" ? "tokens" : `certificates (${requireClientCert}), ${clientCa?.().length ?? 0} authorities`;
    return [{ channel: server, certificate: leaf, anchor: anchor ? `${anchor.subject} ${anchor.fingerprint}` : leaf.issuer, tls: `${minVersion || "TLSv1_2"}..${maxVersion || "TLSv1_3"}`, clients }];
  });
}

interface Authority {
  readonly channel: string;
  readonly certificate: CertificateSummary;
}

function authoritiesOfStore({ store, authorities, certificates }: TrustParts): readonly Authority[] {
  const system = ["envoy-admin-ca", "inter-cp-ca"].flatMap((name) => {
    const secret = store.get({ type: "GlobalSecret", mesh: "", name });
    return secret ? [{ channel: name, pem: secretText(secret) }] : [];
  });
  const meshes = (store.list("Mesh") as readonly Resource<Mesh>[]).flatMap((mesh) => {
    const current = authorities.authorityOf(mesh.name);
    const identities = store.list("MeshIdentity", { mesh: mesh.name }).flatMap((it) => authorities.identityAuthorityOf(mesh.name, it.name) ?? []);
    return [...(current ? [current] : []), ...identities].map(({ backend, authority }) => ({ channel: `mesh/${mesh.name}/${backend}`, pem: authority.caPem }));
  });
  const clients = (certificates.tls("apiServer.https").clientCa?.() ?? []).map((pem) => ({ channel: "apiServer.https.clientCa", pem }));
  const { source } = certificates.tls("dpServer");
  const own = describeCertificates(source.anchors?.() || source.current().certPem).filter((it) => it.isAuthority).map((certificate) => ({ channel: "general/ca", certificate }));
  return [...own, ...[...clients, ...system, ...meshes].flatMap(({ channel, pem }) => describeCertificates(pem).map((certificate) => ({ channel, certificate })))];
}

interface SigningKey {
  readonly secret: string;
  readonly mesh: string;
  readonly createdAt: number;
}

function signingKeysOf(store: Store): readonly SigningKey[] {
  return [...store.list("Secret"), ...store.list("GlobalSecret")]
    .filter((it) => signingKey.test(it.name))
    // A rotated key is a new secret; one that was overwritten is as young as its content.
    .map(({ name, mesh, modificationTime }) => ({ secret: name, mesh, createdAt: modificationTime }));
}

function keyAges({ store, platform }: TrustParts): void {
  const name = "kuma_token_signing_key_age_seconds";
  platform.metrics.removeSingleMetric(name);
  const gauge = new Gauge({
    name, help: "Age of the keys that sign tokens", labelNames: ["secret", "mesh"], registers: [platform.metrics],
    collect() {
      gauge.reset();
      for (const { secret, mesh, createdAt } of signingKeysOf(store)) gauge.set({ secret, mesh }, (platform.clock.now() - createdAt) / 1000);
    },
  });
}

/** Certificates of proxies, as last issued: how many in each mesh, and the first end. */
function workloadsOf(store: Store, now: number) {
  const ends = Map.groupBy(
    (store.list("DataplaneInsight") as readonly Resource<DataplaneInsight>[]).flatMap(({ mesh, spec }) => {
      const seconds = spec.mTLS?.certificateExpirationTime?.seconds;
      return seconds === undefined ? [] : [{ mesh, end: Number(seconds) * 1000 }];
    }),
    (it) => it.mesh,
  );
  return [...ends].map(([mesh, its]) => {
    const soonest = its.reduce((least, it) => Math.min(least, it.end), Infinity);
    return { mesh, certificates: its.length, firstEnd: new Date(soonest).toISOString(), hoursLeft: Math.floor((soonest - now) / 3_600_000) };
  });
}

/** Counted by what they showed and how they are protected. */
function connectionsOf({ sessions, live }: TrustParts) {
  const factsOf = new Map(sessions.facts().map((it) => [it.proxy, it]));
  const all = live().map((it) => ({ ...it, facts: it.proxy === undefined ? undefined : factsOf.get(it.proxy) }));
  const groups = Map.groupBy(all, ({ channel, protocol, facts, tls, hasClientCertificate }) => [channel, protocol, facts?.kind, facts?.mesh, facts?.kid, tls?.version, tls?.cipher, tls?.keyExchange, hasClientCertificate].join(" "));
  return [...groups.values()].flatMap((its) => {
    const [first] = its;
    if (!first) return [];
    const { channel, protocol, facts, tls, hasClientCertificate } = first;
    const ends = its.flatMap((it) => it.facts?.exp ?? []);
    const credential = facts && facts.kind !== "none" ? `${facts.kind} token` : hasClientCertificate ? "client certificate" : first.proxy === undefined ? "by request" : "none";
    return [{
      channel, protocol, count: its.length, credential, mesh: facts?.mesh ?? "", signingKey: facts?.kid ?? "",
      tls: tls?.version ?? "", cipher: tls?.cipher ?? "", keyExchange: tls?.keyExchange ?? "", ...(ends.length > 0 ? { firstEnd: new Date(ends.reduce((a, b) => Math.min(a, b)) * 1000).toISOString() } : {}),
    }];
  });
}
