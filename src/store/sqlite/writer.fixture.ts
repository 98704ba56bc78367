// A process for tests: writes Secrets as fast as it may and prints the name of each once it is acknowledged.
import { writeSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { SecretSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { silentLog, systemClock } from "#platform";
import { openSecret, parseSecretsKey, sealSecret } from "#security";
import { kindsOf } from "#resources";
import { coreKinds } from "#resources/kinds";
import { jsonCodec } from "../codec.ts";
import { sqliteStore } from "./sqlite.ts";

const path = process.argv[2] ?? "";
const key = parseSecretsKey(Buffer.alloc(32, 7).toString("base64"), "key");
const sealing = { seal: (plain: string, context: string) => sealSecret(plain, key, context), open: (text: string, context: string) => openSecret(text, key, context) };
const store = await sqliteStore({ path, codec: jsonCodec(kindsOf(coreKinds), sealing), clock: systemClock, log: silentLog });
const mesh = { type: "Mesh", mesh: "", name: "default" };
if (!store.get(mesh)) await store.put({ ...mesh, labels: {}, spec: create(MeshSchema) }, 0);

const write = async (name: string) => {
  await store.put({ type: "Secret", mesh: "default", name, labels: {}, spec: create(SecretSchema, { data: Buffer.from(name) }), owner: mesh }, 0);
  writeSync(1, `${name}\n`);
};
for (let batch = 0; ; batch++) await Promise.all([0, 1, 2].map((at) => write(`s-${process.pid}-${batch}-${at}`)));
