// HTTP/1.1 requests for a handler of values: bodies collected up to a limit, answers written, peers that misbehave cut off.
import type { HttpRequest, HttpResponse } from "#grpc";
import { createHttp1Server, type Http1Server, type IncomingMessage } from "#security";

export function valueServer(handle: (request: HttpRequest) => Promise<HttpResponse>, maxBodyBytes: number, headersMs: number): Http1Server {
  return createHttp1Server(
    (request, response) => {
      collect(request, maxBodyBytes)
        .then((body) => (body === undefined ? { status: 413, headers: {}, body: "" } : handle(valueOf(request, body))))
        .then(
          ({ status, headers, body }) => {
            response.writeHead(status, status === 413 ? { ...headers, connection: "close" } : headers);
            response.end(body);
          },
          () => response.writeHead(500).end(),
        );
    },
    { headersMs, requestMs: 30_000 },
  );
}

const valueOf = (request: IncomingMessage, body: Buffer): HttpRequest => ({
  method: request.method ?? "GET", path: request.url ?? "/", headers: request.headers, body, remoteAddress: request.socket.remoteAddress ?? "",
});

function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= maxBytes) return void chunks.push(chunk);
      request.pause();
      resolve(undefined);
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("aborted", () => reject(new Error("the request was cut off")));
  });
}
