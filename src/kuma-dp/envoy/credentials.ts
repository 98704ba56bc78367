// What Envoy trusts the control plane by and shows it, as files that Envoy watches: kept at what the operator's files and the control plane say.
import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { credentialFiles, credentialSecrets, isIP, type ControlPlaneTrust } from "#bootstrap/client";
import { followFiles, type Platform } from "#platform";
import { isObject } from "#resources";
import { parseCertificates } from "#security";
import type { ControlPlaneCa } from "../ca.ts";
import { readToken } from "../token.ts";

export interface CredentialOptions {
  readonly folder: string;
  /** From the bootstrap answer; undefined when the control plane's document does not watch files. */
  readonly trust: ControlPlaneTrust | undefined;
  readonly ca: ControlPlaneCa;
  readonly caFile: string;
  readonly tokenFile: string | undefined;
  readonly platform: Platform;
}

export interface EnvoyCredentials {
  /** Document `/anchors` of the control plane: authorities that are to be trusted as well. Throws when it holds no certificates. */
  announce(document: string): Promise<void>;
  close(): void;
}

const nothingToKeep: EnvoyCredentials = { announce: async () => {}, close: () => {} };

/** The files are there when it resolves: Envoy may start. */
export async function keepCredentials({ folder, trust, ca, caFile, tokenFile, platform }: CredentialOptions): Promise<EnvoyCredentials> {
  if (!trust) return nothingToKeep;
  const log = platform.log.child("credentials");
  const files = credentialFiles(folder);
  let announcedPem = "";
  let written = new Map<string, string>();
  const write = async (path: string, secret: object, what: string) => {
    const text = JSON.stringify({ resources: [{ "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", ...secret }] });
    if (written.get(path) === text) return;
    await replace(path, text);
    if (written.has(path)) log.info(`Envoy is given ${what}`, { file: path });
    written = new Map(written).set(path, text);
  };
  const writeTrust = () => {
    const inlineString = bundle(`${ca.current() || trust.caPem}\n${announcedPem}`);
    const matchTypedSubjectAltNames = trust.names.map((exact) => ({ sanType: isIP(exact) ? "IP_ADDRESS" : "DNS", matcher: { exact } }));
    return write(files.trust, { name: credentialSecrets.trust, validationContext: { trustedCa: { inlineString }, matchTypedSubjectAltNames } }, "what it trusts the control plane by");
  };
  const writeToken = async () => {
    if (!tokenFile) return;
    await write(files.token, { name: credentialSecrets.token, genericSecret: { secret: { inlineString: await readToken(tokenFile) } } }, "the replaced token; its next stream shows it");
  };
  const look = async () => {
    try {
      await ca.refresh();
      await writeTrust();
      await writeToken();
    } catch (error) {
      log.warn("a replaced file is not usable; Envoy keeps the last good content", { error });
    }
  };
  const sources = [...(ca.isFollowed ? [caFile] : []), ...(tokenFile ? [tokenFile] : [])];
  const stop = sources.length > 0 ? followFiles(sources, platform.clock, () => void look()) : () => {};
  try {
    await writeTrust();
    await writeToken();
  } catch (error) {
    stop();
    throw error;
  }
  return {
    async announce(document) {
      const parsed: unknown = JSON.parse(document);
      const pem = isObject(parsed) && typeof parsed["anchorsPem"] === "string" ? parsed["anchorsPem"] : "";
      parseCertificates(pem, "the control plane's announcement");
      announcedPem = pem;
      await writeTrust();
    },
    close: stop,
  };
}

/** Each certificate once. */
const bundle = (pem: string): string => [...new Set(parseCertificates(pem, "CA").map((it) => it.toString()))].join("");

// Renamed into place: Envoy sees the old or the new file, and the move is what it watches for.
async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
