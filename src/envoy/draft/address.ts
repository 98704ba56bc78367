// Envoy addresses.
import { create } from "@bufbuild/protobuf";
import { AddressSchema, SocketAddress_Protocol, type Address } from "#gen/envoy/config/core/v3/address_pb.js";

export function socketAddress(address: string, port: number, protocol = SocketAddress_Protocol.TCP): Address {
  return create(AddressSchema, { address: { case: "socketAddress", value: { protocol, address, portSpecifier: { case: "portValue", value: port } } } });
}

export function pipeAddress(path: string, mode = 0): Address {
  return create(AddressSchema, { address: { case: "pipe", value: { path, mode } } });
}
