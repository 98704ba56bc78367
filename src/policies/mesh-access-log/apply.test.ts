// What MeshAccessLog writes, and for which requests.
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { AccessLog } from "#gen/envoy/config/accesslog/v3/accesslog_pb.js";
import { FileAccessLogSchema } from "#gen/envoy/extensions/access_loggers/file/v3/file_pb.js";
import { ExpressionFilterSchema } from "#gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js";
import type { AccessLogFacts } from "./facts.ts";
import { ofCallers } from "./filters.ts";
import { lineOf, type LineContext } from "./format.ts";
import type { AccessLogBackend } from "./kind.ts";
import { loggers } from "./loggers.ts";

const context: LineContext = {
  sourceAddress: "10.0.0.1", sourceAddressWithPort: "10.0.0.1:0", sourceService: "web", destinationService: "api", mesh: "default", direction: "OUTBOUND", zone: "east", workload: "kri_wl_default_east__web_",
};
const facts = { fifo: "/run/kuma-al-web-1-default.sock", clusterOf: ({ endpoint }: { endpoint?: string }) => (endpoint ? "collector" : undefined) } as unknown as AccessLogFacts;
const made = (...backends: AccessLogBackend[]): readonly AccessLog[] => loggers(backends, { kind: "http", context, facts });
const fileOf = ({ configType }: AccessLog) => toJson(FileAccessLogSchema, fromBinary(FileAccessLogSchema, configType.value?.value ?? new Uint8Array()));

test("the mesh's own commands are filled in, Envoy's are left to Envoy", () => {
  const line = lineOf({ type: "Plain", plain: "%KUMA_MESH% %KUMA_ZONE% %KUMA_SOURCE_ADDRESS% %KUMA_SOURCE_SERVICE%->%KUMA_DESTINATION_SERVICE% %RESPONSE_CODE% %KUMA_OTHER%", omitEmptyValues: false }, "http", context);
  expect(line).toEqual({ text: "default east 10.0.0.1:0 web->api %RESPONSE_CODE% %KUMA_OTHER%\n" });
});

test("lines for a TCP backend go to the FIFO with the address they are for", () => {
  const [logger] = made({ type: "Tcp", tcp: { address: "logs:5000", format: { type: "Json", json: [{ key: "to", value: "%KUMA_DESTINATION_SERVICE%" }], omitEmptyValues: false } } });
  expect(logger && fileOf(logger)).toEqual({ path: "/run/kuma-al-web-1-default.sock", logFormat: { jsonFormat: { address: "logs:5000", message: { to: "api" } } } });
});

test("a reference to no collector writes nothing, the other backends write all the same", () => {
  const names = made({ type: "OpenTelemetry", openTelemetry: { endpoint: "", backendRef: { kind: "MeshOpenTelemetryBackend", labels: { a: "b" } } } }, { type: "File", file: { path: "/log" } }).map((it) => it.name);
  expect(names).toEqual(["envoy.access_loggers.file"]);
});

test("a caller's name in a policy cannot become a part of the expression", () => {
  const filter = ofCallers({ spiffeID: { type: "Exact", value: 'spiffe://m/" || true || "' } });
  if (filter?.filterSpecifier.case !== "extensionFilter") throw new Error("no filter");
  const { expression } = fromBinary(ExpressionFilterSchema, filter.filterSpecifier.value.configType.value?.value ?? new Uint8Array());
  expect(expression).toBe('connection.uri_san_peer_certificate == "spiffe://m/\\" || true || \\""');
});
