// A discovery request as it comes off the wire: a fleet sends tens of thousands, and of all but the first of a stream only few fields are looked at.
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { NodeSchema, type Node } from "#gen/envoy/config/core/v3/base_pb.js";
import { StatusSchema } from "#gen/google/rpc/status_pb.js";
import { typeUrl } from "./wire.ts";

/** envoy.service.discovery.v3.DiscoveryRequest, of which nobody needs the version. */
export interface DiscoveryRequest {
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly nonce: string;
  /** Why the proxy refused the last answer. */
  readonly error: { readonly message: string } | undefined;
  readonly node: EncodedNode | undefined;
}

export interface EncodedNode {
  readonly id: string;
  /** Throws when it is no node. */
  decode(): Node;
}

/** The very texts that everything else compares with: of a text that is the same object the hash is known, and nothing has to be compared. */
const knownTypes: ReadonlyMap<string, string> = new Map(Object.values(typeUrl).map((it) => [it, it]));

const fields = { node: 2, names: 3, typeUrl: 4, nonce: 5, error: 6 } as const;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Texts are short: the platform's own slice is faster than a decoder's set-up. What it has put a mark for is looked at again, and refused when it is not UTF-8. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.includes("\ufffd") ? strict.decode(bytes) : text;
}

/** Throws on bytes that are no protobuf, and on texts that are no UTF-8. Unknown fields are skipped; of a field that comes twice the last counts, nodes are merged. */
export function readDiscoveryRequest(message: Uint8Array): DiscoveryRequest {
  const reader = new BinaryReader(message, textOf);
  const names: string[] = [];
  let [type, nonce] = ["", ""];
  let error: DiscoveryRequest["error"];
  let node: Uint8Array | undefined;
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire !== WireType.LengthDelimited) reader.skip(wire, field);
    else if (field === fields.names) names.push(reader.string());
    else if (field === fields.typeUrl) type = reader.string();
    else if (field === fields.nonce) nonce = reader.string();
    else if (field === fields.error) error = fromBinary(StatusSchema, reader.bytes());
    else if (field === fields.node) node = node ? Buffer.concat([node, reader.bytes()]) : reader.bytes();
    else reader.skip(wire, field);
  }
  return { typeUrl: knownTypes.get(type) ?? type, names, nonce, error, node: node && encodedNode(node) };
}

/** `Node {id 1}`. */
function encodedNode(bytes: Uint8Array): EncodedNode {
  const reader = new BinaryReader(bytes, textOf);
  let id = "";
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) id = reader.string();
    else reader.skip(type, field);
  }
  return { id, decode: () => fromBinary(NodeSchema, bytes) };
}
