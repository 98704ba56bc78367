// What is written by hand is what the schema writes.
import { create, fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ClusterSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { socketAddress } from "./address.ts";
import { endpointPart } from "./cluster.ts";
import { listenerHead } from "./listener.ts";

const cases: readonly (readonly [name: string, address: string, port: number])[] = [
  ["inbound:10.0.0.1:80", "10.0.0.1", 80], ["günstig", "fd00::1", 65_535], ["", "", 0], ["n".repeat(300), "a".repeat(200), 15_001],
];

test.each(cases)("the head of a listener is that of its schema: %s", (name, address, port) => {
  expect(fromBinary(ListenerSchema, listenerHead(name, address, port))).toEqual(create(ListenerSchema, { name, address: socketAddress(address, port) }));
});

test.each(cases)("the endpoint of a cluster is that of its schema: %s", (clusterName, address, port) => {
  const endpoint = { hostIdentifier: { case: "endpoint" as const, value: { address: socketAddress(address, port) } } };
  expect(fromBinary(ClusterSchema, endpointPart(clusterName, address, port))).toEqual(create(ClusterSchema, { loadAssignment: { clusterName, endpoints: [{ lbEndpoints: [endpoint] }] } }));
});
