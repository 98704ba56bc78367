// Two services behind two real Envoys in a mesh of their own, and requests from one to the other without a pause.
import { createServer, request, type Server } from "node:http";
import { connect as tlsConnect } from "node:tls";
import { X509Certificate } from "node:crypto";
import { freePorts } from "../../../demo/programs.ts";
import { pause } from "../../harness/control-plane.ts";
import type { Place } from "./proxies.ts";

const host = "127.0.0.1";
const addresses = { backend: "127.0.0.2", web: "127.0.0.3" };

export interface Load {
  /** Ends it; what went wrong, and how many requests there were. */
  stop(): Promise<{ readonly failures: readonly string[]; readonly requests: number; readonly callers: ReadonlySet<string> }>;
}

export interface TwoServices {
  /** What the backend answers through both proxies: `<status> <name of the caller>`. */
  readonly call: () => Promise<string>;
  readonly load: () => Load;
  /** The backend's chain as any peer sees it, leaf first. */
  readonly presented: () => Promise<readonly X509Certificate[]>;
  readonly stop: () => void;
}

export interface Wanted {
  readonly place: Place;
  readonly envoy: string;
  readonly mesh: string;
  /** By MeshService, or by the tag of the service. */
  readonly outbound: "resource" | "tag";
}

export async function startTwoServices({ place, envoy, mesh, outbound: kind }: Wanted): Promise<TwoServices> {
  const [inbound = 0, outbound = 0, servicePort = 0] = await freePorts(3);
  const service: Server = createServer((asked, response) => {
    response.end(/URI=(spiffe:[^;,]+)/.exec(String(asked.headers["x-forwarded-client-cert"] ?? ""))?.[1] ?? "nobody");
  }).listen(servicePort, host);
  const proxy = (name: keyof typeof addresses, more: object) => ({
    type: "Dataplane", mesh, name, labels: { "kuma.io/workload": name },
    networking: { address: addresses[name], admin: { port: place.adminPort }, inbound: [{ port: inbound, servicePort, serviceAddress: host, tags: { "kuma.io/service": name, "kuma.io/protocol": "http" } }], ...more },
  });
  const destination = kind === "tag" ? { tags: { "kuma.io/service": "backend" } } : { backendRef: { kind: "MeshService", name: "backend", port: inbound } };
  for (const resource of [proxy("backend", {}), proxy("web", { outbound: [{ port: outbound, ...destination }] })]) {
    place.startProxy({ resource, token: await place.controlPlane.token("dataplane", { mesh, name: resource.name, workload: resource.name }), envoy });
  }
  const call = (): Promise<string> =>
    new Promise((resolve) => {
      const sent = request({ host, port: outbound, path: "/", agent: false, timeout: 5000 }, (response) => {
        let body = "";
        response.on("data", (bytes) => (body += String(bytes))).on("end", () => resolve(`${response.statusCode} ${body}`));
      });
      sent.on("timeout", () => sent.destroy(new Error("timeout"))).on("error", (error) => resolve(error.message)).end();
    });
  return {
    call,
    load() {
      let isRunning = true;
      const [failures, callers] = [[] as string[], new Set<string>()];
      let requests = 0;
      const running = [1, 2, 3].map(async () => {
        while (isRunning) {
          const answer = await call();
          requests++;
          if (answer.startsWith("200 ")) callers.add(answer.slice(4));
          else failures.push(answer);
          await pause(5);
        }
      });
      return {
        async stop() {
          isRunning = false;
          await Promise.all(running);
          return { failures, requests, callers };
        },
      };
    },
    presented: () =>
      new Promise((resolve, reject) => {
        const socket = tlsConnect({ host: addresses.backend, port: inbound, rejectUnauthorized: false, ALPNProtocols: ["kuma"] }, () => {
          const chain: X509Certificate[] = [];
          for (let it = socket.getPeerCertificate(true); it?.raw && !chain.some((known) => known.raw.equals(it.raw)); it = it.issuerCertificate) chain.push(new X509Certificate(it.raw));
          socket.destroy();
          resolve(chain);
        });
        socket.once("error", reject);
      }),
    stop: () => void service.close(),
  };
}
