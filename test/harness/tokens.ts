// Tokens as an attacker would make them: signed by a key of one's own, without a signature, by another algorithm, out of time.
import { createHmac, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import type { TestControlPlane } from "./control-plane.ts";

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export interface Forgery {
  readonly alg?: "RS256" | "HS256" | "none";
  /** Null leaves it out. */
  readonly kid?: string | null;
  /** PEM, or the secret of HS256. */
  readonly key: string;
  readonly claims: object;
}

export function forge({ alg = "RS256", kid = "1", key, claims }: Forgery): string {
  const now = Math.floor(Date.now() / 1000);
  const head = encode({ alg, typ: "JWT", ...(kid === null ? {} : { kid }) });
  const body = encode({ exp: now + 3600, nbf: now - 5, iat: now - 5, jti: randomUUID(), ...claims });
  return `${head}.${body}.${signature(alg, `${head}.${body}`, key)}`;
}

function signature(alg: string, content: string, key: string): string {
  if (alg === "none") return "";
  if (alg === "HS256") return createHmac("sha256", key).update(content).digest("base64url");
  return createSign("RSA-SHA256").update(content).sign(key).toString("base64url");
}

export const newKeyPem = (): string => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }).toString();

/** The claim `jti` of a token. */
export const idOf = (token: string): string => (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as { jti: string }).jti;

/** The text of a secret, as the local administrator reads it. */
export async function secretText(controlPlane: TestControlPlane, path: string): Promise<string> {
  const { data } = JSON.parse((await controlPlane.get(path)).text) as { data: string };
  return Buffer.from(data, "base64").toString("utf8");
}

export const secretResource = (name: string, text: string, mesh?: string) => ({ type: mesh === undefined ? "GlobalSecret" : "Secret", name, ...(mesh === undefined ? {} : { mesh }), data: Buffer.from(text).toString("base64") });
