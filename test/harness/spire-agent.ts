// What SPIRE's agent is to Envoy: a secret discovery service on a Unix socket that gives a certificate for each SPIFFE id and the trust of all domains.
import { createServer, type ServerHttp2Session } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { domainTrustSecret, pack } from "#envoy";
import { DiscoveryRequestSchema, DiscoveryResponseSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { SecretSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import { frameOf, FrameReader } from "#grpc";
import { makeBuiltinRoot, openAuthority } from "#security";

export interface SpireAgent {
  /** Names that were asked for. */
  readonly asked: ReadonlySet<string>;
  close(): void;
}

const day = 86_400_000;
const typeUrl = `type.googleapis.com/${SecretSchema.typeName}`;

export async function startSpireAgent(socketPath: string, trustDomain: string): Promise<SpireAgent> {
  const authority = openAuthority(await makeBuiltinRoot({ trustDomain, expiryMs: day, now: Date.now() }));
  const asked = new Set<string>();
  const sessions = new Set<ServerHttp2Session>();
  const secretFor = async (name: string) => {
    if (name === "ALL") return domainTrustSecret(name, new Map([[trustDomain, authority.caPem]]));
    const leaf = await authority.issue({ uriSans: [name], lifetimeMs: day / 24, now: Date.now() });
    const bytes = (pem: string) => ({ specifier: { case: "inlineBytes" as const, value: Buffer.from(pem) } });
    return create(SecretSchema, { name, type: { case: "tlsCertificate", value: { certificateChain: bytes(leaf.certPem), privateKey: bytes(leaf.keyPem) } } });
  };
  const server = createServer();
  server.on("session", (session) => void sessions.add(session));
  server.on("stream", (stream) => {
    const reader = new FrameReader(1024 * 1024);
    let counter = 0;
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => {
      for (const message of reader.read(chunk)) {
        const request = fromBinary(DiscoveryRequestSchema, message);
        if (request.responseNonce !== "") continue; // acknowledged
        for (const name of request.resourceNames) asked.add(name);
        void Promise.all(request.resourceNames.map(secretFor)).then((secrets) => {
          const nonce = String(++counter);
          const response = create(DiscoveryResponseSchema, { typeUrl, nonce, versionInfo: nonce, resources: secrets.map((it) => pack(SecretSchema, it)) });
          if (!stream.destroyed) stream.write(frameOf([toBinary(DiscoveryResponseSchema, response)]));
        });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    asked,
    close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}
