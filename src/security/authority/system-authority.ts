// The control plane's own two authorities: for Envoy's admin endpoint and between control planes (spec/security.md 10.3, 10.5).
import { isIP } from "node:net";
import { badRequest } from "#resources";
import { pemBlocks } from "../certificates/pem.ts";
import { issueLeaf, makeRoot, openIssuer, type IssuedCertificate } from "./root.ts";

const day = 86_400_000;
const authorityLifetimeMs = 10 * 365 * day;
const clockSkewMs = 5 * 60_000;

/** The DNS name by which Envoy's admin endpoint knows the control plane. */
export const adminClientName = "kuma-cp";

export type SystemAuthorityKind = "envoy-admin" | "inter-cp";

const commonNames: Record<SystemAuthorityKind, string> = {
  "envoy-admin": "Envoy Admin CA",
  "inter-cp": "Control Plane Intercommunication CA",
};

export interface LeafLife {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly lifetimeMs: number;
}

export interface SystemAuthority {
  readonly caPem: string;
  /** For a server that is reached by these names and addresses. */
  issueServer(hosts: readonly string[], life: LeafLife): Promise<IssuedCertificate>;
  /** For a client that is known by these names or addresses. */
  issueClient(hosts: readonly string[], life: LeafLife): Promise<IssuedCertificate>;
}

/** A new authority as its GlobalSecret holds it: certificate PEM followed by key PEM in one value. */
export async function makeSystemAuthority(kind: SystemAuthorityKind, now: number): Promise<string> {
  const subject = { organization: "Kuma", organizationalUnit: "Mesh", commonName: commonNames[kind] };
  const root = await makeRoot({ subject, notBefore: now - clockSkewMs, notAfter: now + authorityLifetimeMs });
  return root.certPem + root.keyPem;
}

export const makeAdminAuthority = (now: number): Promise<string> => makeSystemAuthority("envoy-admin", now);

/** Opens the value of the secret; RSA authorities of a reference control plane too. */
export function openSystemAuthority(certAndKeyPem: string): SystemAuthority {
  const blocks = pemBlocks(certAndKeyPem);
  const certPem = blocks.filter((it) => it.type === "CERTIFICATE").map((it) => it.text).join("");
  const keyPem = blocks.find((it) => it.type.endsWith("PRIVATE KEY"))?.text;
  if (!certPem || !keyPem) throw badRequest("the authority's secret must hold a certificate and its private key, both PEM");
  const authority = openIssuer({ certPem, keyPem });
  const issue = (usage: "serverAuth" | "clientAuth") => (hosts: readonly string[], life: LeafLife) =>
    issueLeaf(authority, {
      dnsNames: hosts.filter((it) => isIP(it) === 0), ipAddresses: hosts.filter((it) => isIP(it) !== 0), extendedKeyUsage: [usage],
      backdateMs: clockSkewMs, ...life,
    });
  return { caPem: certPem, issueServer: issue("serverAuth"), issueClient: issue("clientAuth") };
}
