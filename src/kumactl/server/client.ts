// Calls to the API of a control plane: where it is, who asks, and its refusals as errors.
import { readFile } from "node:fs/promises";
import { reasonOf } from "#platform";
import { httpClient, type HttpClientOptions } from "#security";
import type { ApiServer } from "../config/config.ts";
import { plaintextTokenFlag, reasonOfFile, userAgent, type World } from "../program.ts";
import { reasonOfConnection } from "./reason.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** What names this state of the answer; empty when the control plane gives none. */
  readonly tag: string;
  /** The body as JSON; throws when it is none. */
  json(): unknown;
}

export interface Call {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Of an earlier answer: if nothing changed, the status is 304 and there is no body. */
  readonly knownTag?: string;
  readonly signal?: AbortSignal;
  /** The answer is text, such as a token or statistics. */
  readonly expects?: "text";
}

export interface ControlPlaneClient {
  /** Any answer, whatever its status. */
  send(call: Call): Promise<Answer>;
  /** An answer of 2xx (or 304); otherwise an ApiError. */
  request(call: Call): Promise<Answer>;
  close(): void;
}

/** What the control plane refused, in its own words: `<title> (<detail>)`, then a line per field. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface ClientSettings {
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly allowsPlaintextToken: boolean;
  /** Calls without the credential of the configuration, as the check of a new control plane does. */
  readonly anonymous?: boolean;
}

export async function controlPlaneClient(server: ApiServer, settings: ClientSettings, world: World): Promise<ControlPlaneClient> {
  const url = (server.url ?? "").replace(/\/+$/, "");
  const http = httpClient({
    url,
    userAgent: userAgent(),
    timeoutMs: settings.timeoutMs > 0 ? settings.timeoutMs : 2 ** 31 - 1,
    headers: { ...Object.fromEntries((server.headers ?? []).map((it) => [it.key, it.value])), ...(settings.anonymous ? {} : credential(server)) },
    ...(await trustOf(server, world)),
    caOption: "--ca-cert-file of kumactl config control-planes add",
    ...(settings.allowsPlaintextToken ? { plaintextCredentials: { iUnderstandThatCredentialsTravelInClear: true } } : {}),
  });
  const send = async ({ method = "GET", path, body, expects, knownTag, signal }: Call): Promise<Answer> => {
    const headers = { accept: expects === "text" ? "*/*" : "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }), ...(knownTag ? { "if-none-match": knownTag } : {}) };
    const answer = await http.request({ method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal ? { signal } : {}) }).catch((error: unknown) => {
      throw new Error(`${method.charAt(0)}${method.slice(1).toLowerCase()} "${url}${path}": ${withHint(reasonOfConnection(error))}`, { cause: error });
    });
    const text = answer.body.toString("utf8");
    const { etag } = answer.headers;
    return { status: answer.status, text, tag: etag ?? "", json: () => parsed(text) };
  };
  return {
    send,
    async request(call) {
      const answer = await send(call);
      if ((answer.status < 200 || answer.status > 299) && answer.status !== 304) throw apiError(answer);
      return answer;
    },
    close: () => http.close(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const first = text.trimStart().charAt(0);
    if (first === "") throw new Error("unexpected end of JSON input", { cause: error });
    throw new Error(/[[{"\dtfn-]/.test(first) ? reasonOf(error) : `invalid character '${first}' looking for beginning of value`, { cause: error });
  }
}

const withHint = (reason: string): string => (reason.includes("refused to send a credential") ? `${reason}, or --${plaintextTokenFlag} if nobody can listen on the way` : reason);

function credential(server: ApiServer): Readonly<Record<string, string>> {
  if (!server.authType) return {};
  if (server.authType !== "tokens") throw new Error(`authentication plugin of type "${server.authType}" is not found`);
  return { authorization: `Bearer ${server.authConf?.["token"] ?? ""}` };
}

async function trustOf(server: ApiServer, world: World): Promise<Pick<HttpClientOptions, "caPem" | "clientCert" | "skipVerify" | "environment">> {
  if (!server.url?.startsWith("https:")) return {};
  const read = (path: string, what: string) =>
    readFile(path, "utf8").catch((error: unknown) => {
      throw new Error(`could not configure HTTP client with TLS: ${what}: ${reasonOfFile(error)}`, { cause: error });
    });
  const { caCertFile, clientCertFile, clientKeyFile } = server;
  return {
    environment: { SSL_CERT_FILE: world.env["SSL_CERT_FILE"], SSL_CERT_DIR: world.env["SSL_CERT_DIR"] },
    ...(server.skipVerify ? { skipVerify: { iUnderstandThatTheServerIsNotVerified: true } } : {}),
    ...(caCertFile && !server.skipVerify ? { caPem: await read(caCertFile, "could not read CA cert") } : {}),
    ...(clientCertFile && clientKeyFile ? { clientCert: { certPem: await read(clientCertFile, "could not create key pair from client cert and client key"), keyPem: await read(clientKeyFile, "could not create key pair from client cert and client key") } } : {}),
  };
}

/** Reads old and new error documents; a body that is neither is repeated. */
export function apiError(answer: Answer): ApiError {
  const document = documentOf(answer);
  if (!document) return new ApiError(answer.status, answer.status === 405 ? answer.text : `(${answer.status}): ${answer.text}`);
  const detail = document.detail || document.details || "";
  const causes = [...(document.invalid_parameters ?? []), ...(document.invalid_parameters?.length ? [] : (document.causes ?? []))];
  const lines = causes.map((it) => `\n* ${it.field ?? ""}: ${it.reason ?? it.message ?? ""}`);
  return new ApiError(answer.status, `${document.title} (${detail})${lines.join("")}`);
}

interface ErrorDocument {
  readonly title: string;
  readonly detail?: string;
  readonly details?: string;
  readonly invalid_parameters?: readonly { readonly field?: string; readonly reason?: string; readonly message?: string }[];
  readonly causes?: readonly { readonly field?: string; readonly reason?: string; readonly message?: string }[];
}

function documentOf(answer: Answer): ErrorDocument | undefined {
  try {
    const value = answer.json();
    return typeof value === "object" && value !== null && "title" in value && typeof value.title === "string" ? (value as ErrorDocument) : undefined;
  } catch {
    return undefined;
  }
}
