// The free-form settings of a Mesh's backends, read the way their readers read them.
import type { DescMessage, JsonObject } from "@bufbuild/protobuf";
import {
  DatadogTracingBackendConfigSchema, FileLoggingBackendConfigSchema, PrometheusMetricsBackendConfigSchema, TcpLoggingBackendConfigSchema, ZipkinTracingBackendConfigSchema,
} from "#gen/kuma/mesh/v1alpha1/backend_confs_pb.js";
import { violation, type Violation } from "../failure.ts";
import { flatProblem, isObject } from "../flat-json.ts";

const shapes: ReadonlyMap<string, DescMessage> = new Map<string, DescMessage>([
  ["zipkin", ZipkinTracingBackendConfigSchema],
  ["datadog", DatadogTracingBackendConfigSchema],
  ["file", FileLoggingBackendConfigSchema],
  ["tcp", TcpLoggingBackendConfigSchema],
  ["prometheus", PrometheusMetricsBackendConfigSchema],
]);

/** What keeps settings of this type of backend from being read at all. */
export function unreadableConf(field: string, type: string, conf: JsonObject | undefined): readonly Violation[] {
  const shape = shapes.get(type);
  const problem = shape && conf ? flatProblem(shape, conf) : undefined;
  return problem ? [violation(field, `could not parse config: ${problem}`)] : [];
}

/** Rules of Prometheus settings, of a Mesh or of a Dataplane. */
export function validatePrometheus(field: string, conf: JsonObject | undefined): readonly Violation[] {
  const unreadable = unreadableConf(field, "prometheus", conf);
  if (unreadable.length > 0 || !conf) return unreadable;
  const names = (Array.isArray(conf["aggregate"]) ? conf["aggregate"] : []).map((it) => (isObject(it) && typeof it["name"] === "string" ? it["name"] : ""));
  const twice = names.flatMap((name, at) => (names.indexOf(name) < at ? [violation(`${field}.aggregate[${at}].name`, `duplicate entry: ${name}, values have to be unique`)] : []));
  const contradicts = conf["skipMTLS"] === true && isObject(conf["tls"]);
  return [...(contradicts ? [violation(field, "skipMTLS and tls configuration cannot be defined together")] : []), ...twice];
}
