// Envoy addresses.
import { create } from "@bufbuild/protobuf";
import { AddressSchema, type Address } from "#gen/envoy/config/core/v3/address_pb.js";

export function socketAddress(address: string, port: number): Address {
  return create(AddressSchema, { address: { case: "socketAddress", value: { address, portSpecifier: { case: "portValue", value: port } } } });
}

export function pipeAddress(path: string, mode = 0): Address {
  return create(AddressSchema, { address: { case: "pipe", value: { path, mode } } });
}
