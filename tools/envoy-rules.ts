// Writes gen/native/rules.js: what Envoy's schema asks of the values of what users write (protoc-gen-validate), and the names of all its messages.
// The generated messages leave these annotations out: parsing them is most of Envoy's load time, and few writes need them.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createFileRegistry, fromBinary, getOption, hasOption, toJson, type DescExtension, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { formatDuration } from "../src/platform/duration.ts";

const work = process.argv[2]!;
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(`${work}/all.binpb`)));
const extension = (name: string): DescExtension => registry.getExtension(name)!;
const [ofField, isRequired] = [extension("validate.rules"), extension("validate.required")];

const roots = ["config.cluster.v3.Cluster", "config.listener.v3.Listener", "config.listener.v3.Filter", "extensions.filters.network.http_connection_manager.v3.HttpFilter", "config.route.v3.VirtualHost"];
const reached = new Set<DescMessage>();
const visit = (message: DescMessage): void => {
  if (reached.has(message) || message.typeName.startsWith("google.protobuf.")) return;
  reached.add(message);
  for (const field of message.fields) if (field.message) visit(field.message);
};
for (const root of roots) visit(registry.getMessage(`envoy.${root}`)!);

const rules = Object.fromEntries(
  [...reached].flatMap((message) => {
    const fields = message.fields.flatMap((field) => (hasOption(field, ofField) ? [[field.name, toJson(ofField.message!, getOption(field, ofField) as never, { registry })]] : []));
    const oneofs = message.oneofs.flatMap((it) => (hasOption(it, isRequired) && getOption(it, isRequired) === true ? [[it.name, { message: { required: true } }]] : []));
    return fields.length + oneofs.length === 0 ? [] : [[message.typeName, Object.fromEntries([...fields, ...oneofs])]];
  }),
);
/** What Envoy has come to ask for since the package. */
const later = {
  "core.v3.RuntimeDouble": { runtime_key: {} }, "core.v3.QuicProtocolOptions": { idle_network_timeout: { duration: { gte: "1s" } } },
  "core.v3.QuicKeepAliveSettings": { initial_interval: { duration: { lte: "0s", gte: "0.001s" } }, max_interval: {} },
};
for (const [name, changed] of Object.entries(later)) Object.assign(rules[`envoy.config.${name}`], changed);
rules["envoy.config.accesslog.v3.ResponseFlagFilter"].flags.repeated.items.string.in.push("UDO");
const names = [...registry.files].flatMap((file) => file.messages.map((it) => it.typeName)).filter((name) => /^(envoy|xds)\./.test(name));

mkdirSync("gen/native", { recursive: true });
/** Limits of time as Go prints them. */
const printed = JSON.stringify(rules, (_, value: unknown) => (typeof value === "string" && /^[\d.]+s$/.test(value) ? formatDuration(Number(value.slice(0, -1)) * 1000) : value));
writeFileSync("gen/native/rules.js", `export const rules = ${printed};\nexport const messageNames = ${JSON.stringify(names.join(" "))};\n`);
writeFileSync("gen/native/rules.d.ts", `/** By message, then by field or oneof: rules as protoc-gen-validate's schema has them in JSON. */\nexport declare const rules: Readonly<Record<string, Readonly<Record<string, object>>>>;\n/** Names of Envoy's messages, with spaces between them. */\nexport declare const messageNames: string;\n`);
