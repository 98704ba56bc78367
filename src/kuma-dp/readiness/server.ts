// GET /ready: whether this proxy takes traffic. Answers for Envoy, whose own answer hides behind a Unix socket.
import { createHttp1Server, feedHttp1, openEndpoint, type HttpClient, type OpenEndpoint } from "#security";
import type { Platform } from "#platform";

export interface Readiness {
  readonly port: number;
  /** From now on Envoy's own answer counts. */
  follow(admin: HttpClient): void;
  terminating(): void;
  close(): Promise<void>;
}

const defaultPort = 9902;

/** `configuredPort` 0 means the default one, or a free one when another proxy of this host has it. */
export async function serveReadiness(configuredPort: number, platform: Platform): Promise<Readiness> {
  let admin: HttpClient | undefined;
  let isTerminating = false;
  const server = createHttp1Server((request, response) => {
    const answer = (status: number, body: string) => {
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(`${body}\n`);
    };
    if (request.url?.split("?")[0] !== "/ready") return answer(404, "only /ready is served here");
    if (isTerminating) return answer(503, "TERMINATING");
    if (!admin) return answer(503, "NOT_READY");
    admin.request({ path: "/ready", signal: AbortSignal.timeout(2000) }).then(
      ({ status }) => answer(status === 200 ? 200 : 503, status === 200 ? "READY" : "NOT_READY"),
      () => answer(503, "NOT_READY"),
    );
  });
  const open = (port: number): Promise<OpenEndpoint> => openEndpoint("dp-readiness", { host: "127.0.0.1", port }, { http1: feedHttp1(server) }, platform);
  const endpoint = configuredPort > 0 ? await open(configuredPort) : await open(defaultPort).catch(() => open(0));
  if (configuredPort === 0 && endpoint.port !== defaultPort) platform.log.info(`readiness port ${defaultPort} is taken, using a free one`, { port: endpoint.port });
  return {
    port: endpoint.port,
    follow: (client) => void (admin = client),
    terminating: () => void (isTerminating = true),
    close: () => endpoint.close(),
  };
}
