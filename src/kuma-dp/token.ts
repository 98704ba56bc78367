// The proxy's token as kuma-dp gets it: from a file that may be replaced, or inline (then it is put into a file of our own).
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { badRequest } from "#resources";

/** Where the token is read from at each attempt; undefined when none was given. */
export async function tokenPath(settings: { readonly token: string; readonly tokenFile: string }, workDir: string, name: string): Promise<string | undefined> {
  if (!settings.token) return settings.tokenFile || undefined;
  const path = join(workDir, name.replaceAll("/", "_"));
  await writeFile(path, settings.token, { mode: 0o600 });
  return path;
}

/** The token in a file, checked for what people get wrong. Its signature is the control plane's business. */
export async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw badRequest(`could not read the token file ${path}: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}`);
  }
  const token = text.trim();
  if (token === "") throw badRequest(`token under file ${path} is empty`);
  if (/[\r\n]/.test(token)) throw badRequest("Token shouldn't contain line breaks within the token, only at the start or end");
  if (!isJwt(token)) throw badRequest("not valid JWT token. Can't parse it.");
  return token;
}

function isJwt(token: string): boolean {
  const parts = token.split(".");
  if (parts.length !== 3) return false;
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0] ?? "", "base64url").toString("utf8"));
    return typeof header === "object" && header !== null && "alg" in header;
  } catch {
    return false;
  }
}
