// Requests read by hand say what the generated code reads.
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DiscoveryRequestSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { readDiscoveryRequest } from "./request.ts";

const request = create(DiscoveryRequestSchema, {
  versionInfo: "3", typeUrl: "type.googleapis.com/envoy.config.cluster.v3.Cluster", responseNonce: "7", resourceNames: ["a", "", "größe"],
  errorDetail: { code: 13, message: "no such cluster" }, resourceLocators: [{ name: "unused" }],
  node: { id: "default.web-1", cluster: "web", metadata: { features: ["one"] }, locality: { zone: "east" } },
});
const bytes = toBinary(DiscoveryRequestSchema, request);

test("every field that is used reads as it was written", () => {
  const read = readDiscoveryRequest(bytes);
  expect(read).toMatchObject({ typeUrl: request.typeUrl, nonce: "7", names: ["a", "", "größe"], error: { message: "no such cluster" }, node: { id: "default.web-1" } });
  expect(read.node?.decode()).toEqual(request.node);
});

test("a request without a node or an error has none", () => {
  expect(readDiscoveryRequest(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl: "t" })))).toEqual({ typeUrl: "t", nonce: "", names: [], error: undefined, node: undefined });
});

test("a node given in two parts is one", () => {
  const [first, second] = [{ id: "default.web-1" }, { cluster: "web" }].map((node) => toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { node })));
  const { node } = readDiscoveryRequest(Buffer.concat([first ?? Buffer.of(), second ?? Buffer.of()]));
  expect(node?.decode()).toMatchObject({ id: "default.web-1", cluster: "web" });
});

test("bytes that are cut off anywhere are read or refused, never misread beyond their end", () => {
  for (let length = 0; length < bytes.length; length++) {
    let read: ReturnType<typeof readDiscoveryRequest> | undefined;
    try {
      read = readDiscoveryRequest(bytes.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    for (const name of read?.names ?? []) expect(request.resourceNames).toContain(name);
  }
});
