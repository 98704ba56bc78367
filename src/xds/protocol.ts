// The two variants of ADS as a stream uses them: decoded requests in, encoded answers out.
import { fromBinary } from "@bufbuild/protobuf";
import type { Node } from "#gen/envoy/config/core/v3/base_pb.js";
import { DeltaDiscoveryRequestSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { initialDelta, nextDelta, type DeltaEvent } from "./delta.ts";
import { readDiscoveryRequest } from "./request.ts";
import { initialSotw, nextSotw, type SotwEvent } from "./sotw.ts";
import type { Snapshot } from "./snapshot.ts";
import { encodeDelta, type SotwResponse } from "./wire.ts";
import { sameTexts } from "./certificate.ts";

const maxReasonLength = 4096;

export interface Outcome {
  readonly frames: readonly { readonly typeUrl: string; readonly parts: readonly Uint8Array[] }[];
  readonly acknowledged: string | undefined;
  readonly rejected: { readonly typeUrl: string; readonly reason: string } | undefined;
}

export interface ParsedRequest {
  /** Of who sends it; undefined when the request does not say. */
  readonly nodeId: string | undefined;
  /** The same in full, the first time that it is said. */
  readonly node: Node | undefined;
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly apply: () => Outcome;
}

/** One variant of the protocol as the stream uses it: decoded requests in, encoded answers out. */
export interface Protocol {
  parse(message: Uint8Array): ParsedRequest;
  wanted(snapshot: Snapshot): Outcome;
  /** How many names the proxy has asked for. */
  names(): number;
  asked(typeUrl: string): ReadonlySet<string>;
  isInFlight(typeUrl: string): boolean;
}

/** Why the proxy refused an answer; empty for an acknowledgement. */
const reasonOf = (error: { readonly message: string } | undefined): string => (error ? error.message.slice(0, maxReasonLength) || "the proxy gave no reason" : "");

export function sotwProtocol(encode: (response: SotwResponse, reader: object) => Uint8Array[], internNames: (names: readonly string[]) => readonly string[]): Protocol {
  let state = initialSotw;
  const reader = {};
  let isNamed = false;
  const lastNames = new Map<string, readonly string[]>();
  const step = (event: SotwEvent): Outcome => {
    const outcome = nextSotw(state, event);
    state = outcome.state;
    return { ...outcome, frames: outcome.responses.map((it) => ({ typeUrl: it.typeUrl, parts: encode(it, reader) })) };
  };
  return {
    parse(message) {
      const { node, typeUrl, names, nonce, error } = readDiscoveryRequest(message);
      // An acknowledgement repeats the names of the request before.
      const before = lastNames.get(typeUrl);
      const known = before && sameTexts(before, names) ? before : internNames(names);
      const event: SotwEvent = { is: "request", request: { typeUrl, names: known, nonce, error: reasonOf(error) } };
      const first = isNamed ? undefined : node?.decode();
      isNamed ||= first !== undefined;
      const apply = () => {
        lastNames.set(typeUrl, known);
        return step(event);
      };
      return { nodeId: node?.id, node: first, typeUrl, names, apply };
    },
    wanted: (snapshot) => step({ is: "wanted", snapshot }),
    names: () => namesIn(state.types),
    asked: (type) => state.types.get(type)?.names ?? new Set(),
    isInFlight: (type) => state.types.get(type)?.inFlight !== undefined,
  };
}

export function deltaProtocol(instanceId: string): Protocol {
  let state = initialDelta;
  const step = (event: DeltaEvent): Outcome => {
    const outcome = nextDelta(state, event);
    state = outcome.state;
    return { ...outcome, frames: outcome.responses.map((it) => ({ typeUrl: it.typeUrl, parts: encodeDelta(it, instanceId) })) };
  };
  return {
    parse(message) {
      const request = fromBinary(DeltaDiscoveryRequestSchema, message);
      const event: DeltaEvent = {
        is: "request",
        request: {
          typeUrl: request.typeUrl, subscribe: request.resourceNamesSubscribe, unsubscribe: request.resourceNamesUnsubscribe,
          initialVersions: request.initialResourceVersions, nonce: request.responseNonce, error: reasonOf(request.errorDetail),
        },
      };
      return { nodeId: request.node?.id, node: request.node, typeUrl: request.typeUrl, names: request.resourceNamesSubscribe, apply: () => step(event) };
    },
    wanted: (snapshot) => step({ is: "wanted", snapshot }),
    names: () => namesIn(state.types),
    asked: (type) => state.types.get(type)?.names ?? new Set(),
    isInFlight: (type) => state.types.get(type)?.inFlight !== undefined,
  };
}

function namesIn(types: ReadonlyMap<string, { readonly names: ReadonlySet<string> }>): number {
  let sum = 0;
  for (const { names } of types.values()) sum += names.size;
  return sum;
}
