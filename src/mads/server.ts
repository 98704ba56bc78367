// Port 5676: tells Prometheus what to scrape. A poll waits until the answer is another one than the client has, or its time is over.
import type { MeshView } from "#mesh";
import type { Platform } from "#platform";
import { failureOf } from "#resources";
import { createHttp1Server, type CredentialFacts, type Http1Server, type IncomingMessage, type Sessions } from "#security";
import type { AssignmentsOf } from "./assignments.ts";
import { parseFetchTimeout, parseRequest, type AssignmentRequest, type Problem } from "./request.ts";
import { printSnapshot, snapshotFor } from "./snapshot.ts";

/** The newest views of all meshes that may be seen. */
export interface MeshViews {
  all(): readonly MeshView[];
  /** Calls back after each change; the returned function ends it. */
  follow(onChange: () => void): () => void;
}

export interface MadsOptions {
  readonly views: MeshViews;
  readonly assignmentsOf: AssignmentsOf;
  readonly defaultFetchTimeoutMs: number;
  /** Under which credential a request comes; rejects with an unauthenticated KumaError. */
  authenticate(request: IncomingMessage): Promise<CredentialFacts>;
  readonly sessions: Sessions;
  readonly platform: Platform;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const path = "/v3/discovery:monitoringassignments";
const maxBodyBytes = 64 * 1024;
/** Each waiting poll is a held connection. */
const maxWaiting = 1000;
const maxWaitMs = 3_600_000;
const text = "text/plain; charset=utf-8";

const plain = (status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer => ({ status, type: text, body: `${status}: ${reason}`, headers });
const problem = ({ title, detail }: Problem): Answer => ({ status: 400, type: "application/json", body: `${JSON.stringify({ type: "", status: 0, title, detail, details: detail }, null, 1)}\n` });
const isProblem = (value: object | number): value is Problem => typeof value === "object" && "title" in value;

export function madsServer(options: MadsOptions): Http1Server {
  const { views, platform } = options;
  const waiting = new Set<() => void>();
  let unfollow: (() => void) | undefined;
  const wait = (check: () => void) => {
    waiting.add(check);
    // Views are made for those who follow them: only while a poll waits.
    unfollow ??= views.follow(() => {
      for (const it of [...waiting]) it();
    });
  };
  const leave = (check: () => void) => {
    waiting.delete(check);
    if (waiting.size > 0) return;
    unfollow?.();
    unfollow = undefined;
  };

  /** The answer once it differs from what the client has, 304 when the time is over, undefined when the client is gone. */
  const poll = (asked: AssignmentRequest, waitMs: number, facts: CredentialFacts, gone: (onGone: () => void) => void): Promise<Answer | undefined> =>
    new Promise((resolve) => {
      let end: (answer: Answer | undefined) => void = resolve;
      const check = () => {
        const snapshot = snapshotFor(views.all(), asked.clientId, options.assignmentsOf);
        if (snapshot.version === asked.version) return false;
        end({ status: 200, type: text, body: printSnapshot(snapshot, asked.names) });
        return true;
      };
      if (check()) return;
      if (waitMs <= 0) return resolve({ status: 304 });
      if (waiting.size >= maxWaiting) return resolve(plain(503, "too many polls are waiting"));
      wait(check);
      const cancel = platform.clock.after(Math.min(waitMs, maxWaitMs), () => end({ status: 304 }));
      const forget = options.sessions.add({ facts, close: (reason) => end(unauthorized(reason)) });
      end = (answer) => {
        leave(check);
        cancel();
        forget();
        resolve(answer);
      };
      gone(() => end(undefined));
    });

  const answer = async (request: IncomingMessage, body: Buffer | undefined, gone: (onGone: () => void) => void): Promise<Answer | undefined> => {
    const refused = refuse(request, body);
    if (refused) return refused;
    const facts = await options.authenticate(request);
    const asked = parseRequest((body ?? Buffer.alloc(0)).toString("utf8"));
    const waitMs = parseFetchTimeout(new URL(request.url ?? "/", "http://mads").searchParams.get("fetch-timeout") ?? undefined, options.defaultFetchTimeoutMs);
    if (isProblem(asked)) return problem(asked);
    return isProblem(waitMs) ? problem(waitMs) : poll(asked, waitMs, facts, gone);
  };

  return createHttp1Server((request, response) => {
    let isGone = false;
    const send = (it: Answer | undefined) => {
      if (!it || isGone) return;
      response.writeHead(it.status, { ...(it.type ? { "content-type": it.type } : {}), ...it.headers, ...(it.status === 413 ? { connection: "close" } : {}) });
      response.end(it.body);
    };
    const gone = (onGone: () => void) => (isGone ? onGone() : void response.once("close", onGone));
    response.once("close", () => (isGone = true));
    collect(request)
      .then((body) => answer(request, body, gone))
      .catch((error: unknown) => {
        const failure = failureOf(error);
        if (failure?.is === "unauthenticated" || failure?.is === "denied") return unauthorized(failure.message);
        platform.log.child("mads").error("a poll failed", { error });
        return plain(500, "Internal Server Error");
      })
      .then(send, () => {});
  });
}

const unauthorized = (reason: string): Answer => ({
  status: 401, type: "application/json", headers: { "www-authenticate": "Bearer" },
  body: `${JSON.stringify({ type: "", status: 401, title: "Unauthenticated", detail: reason, details: reason }, null, 1)}\n`,
});

function refuse({ url, method, headers }: IncomingMessage, body: Buffer | undefined): Answer | undefined {
  if ((url ?? "/").split("?")[0] !== path) return plain(404, "Page Not Found");
  if (method !== "POST") return plain(405, "Method Not Allowed", { allow: "POST" });
  if ((headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() !== "application/json") return plain(415, "Unsupported Media Type");
  if (!accepts(headers.accept)) return { status: 406, type: text, body: "406: Not Acceptable\n\nAvailable representations: application/json" };
  return body === undefined ? plain(413, "Request Entity Too Large") : undefined;
}

const accepts = (header: string | undefined): boolean =>
  !header || header.split(",").some((it) => ["application/json", "application/*", "*/*"].includes((it.split(";")[0] ?? "").trim().toLowerCase()));

/** Undefined for a body over the limit. */
function collect(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= maxBodyBytes) return void chunks.push(chunk);
      request.pause();
      resolve(undefined);
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
  });
}
