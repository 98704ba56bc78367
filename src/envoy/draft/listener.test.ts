// What is written by hand is what the schema writes.
import { create, fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { socketAddress } from "./address.ts";
import { listenerHead } from "./listener.ts";

test.each([["inbound:10.0.0.1:80", "10.0.0.1", 80], ["günstig", "fd00::1", 65_535], ["", "", 0], ["n".repeat(300), "a".repeat(200), 15_001]])("the head of a listener is that of its schema: %s", (name, address, port) => {
  expect(fromBinary(ListenerSchema, listenerHead(name, address, port))).toEqual(create(ListenerSchema, { name, address: socketAddress(address, port) }));
});
