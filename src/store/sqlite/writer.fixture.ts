// A process for tests: writes Secrets as fast as it may and prints the name of each once it is acknowledged.
import { writeSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { SecretSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { silentLog, systemClock } from "#platform";
import { kindsOf } from "#resources";
import { coreKinds } from "#resources/kinds";
import { jsonCodec } from "../codec.ts";
import { sqliteStore } from "./sqlite.ts";

const path = process.argv[2] ?? "";
const open: (bytes: Uint8Array, context: string) => Uint8Array = (bytes, context) => bytes.subarray(context.length).map((byte) => byte ^ 0xff);
const seal = (plain: Uint8Array, context: string) => Buffer.concat([Buffer.from(context), Buffer.from(plain.map((byte) => byte ^ 0xff))]);
const store = await sqliteStore({ path, codec: jsonCodec(kindsOf(coreKinds), { seal, open }), clock: systemClock, log: silentLog });
const mesh = { type: "Mesh", mesh: "", name: "default" };
if (!store.get(mesh)) await store.put({ ...mesh, labels: {}, spec: create(MeshSchema) }, 0);

const write = async (name: string) => {
  await store.put({ type: "Secret", mesh: "default", name, labels: {}, spec: create(SecretSchema, { data: Buffer.from(name) }), owner: mesh }, 0);
  writeSync(1, `${name}\n`);
};
for (let batch = 0; ; batch++) await Promise.all([0, 1, 2].map((at) => write(`s-${process.pid}-${batch}-${at}`)));
