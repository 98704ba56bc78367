// What a stream tells the rest of the control plane about its proxy; kept as DataplaneInsight by insights/.
import type { JsonObject } from "@bufbuild/protobuf";
import type { ResourceKey } from "#resources";
import type { NodeFacts } from "./metadata.ts";

export interface CertificateFacts {
  /** Absent for certificates that others issue. */
  readonly validity?: { readonly issuedAt: number; readonly expiresAt: number } | undefined;
  readonly backend: string;
  readonly supportedBackends: readonly string[];
}

/** One stream's entry in the proxy's status. Calls are cheap; they are written together, later. */
export interface Subscription {
  sent(typeUrl: string): void;
  acknowledged(typeUrl: string): void;
  rejected(typeUrl: string, reason: string): void;
  certificate(facts: CertificateFacts): void;
  ended(): void;
}

export interface ProxyStatus {
  /** Resolves once the connection is on record. */
  connected(proxy: ResourceKey, facts: { readonly version: NodeFacts["version"]; readonly metadata: JsonObject }): Subscription;
}
