// Backends of MeshAccessLog as Envoy's access loggers: a file, a FIFO that kuma-dp reads, an OpenTelemetry collector.
import { create, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { AccessLogSchema, type AccessLog, type AccessLogFilter } from "#gen/envoy/config/accesslog/v3/accesslog_pb.js";
import { SubstitutionFormatStringSchema } from "#gen/envoy/config/core/v3/substitution_format_string_pb.js";
import { FileAccessLogSchema } from "#gen/envoy/extensions/access_loggers/file/v3/file_pb.js";
import { OpenTelemetryAccessLogConfigSchema } from "#gen/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb.js";
import { AnyValueSchema, KeyValueListSchema, type AnyValue } from "#gen/opentelemetry/proto/common/v1/common_pb.js";
import { goJson, packNew } from "#envoy";
import type { AccessLogFacts } from "./facts.ts";
import { defaultLines, filledIn, lineOf, type LineContext, type LineKind } from "./format.ts";
import type { AccessLogBackend, AccessLogFormat } from "./kind.ts";

export interface LoggedPlace {
  readonly kind: LineKind;
  readonly context: LineContext;
  readonly facts: AccessLogFacts;
}

/** One logger for each backend, in order; `filter` says which requests it is for. A backend that refers to no collector has none. */
export function loggers(backends: readonly AccessLogBackend[], place: LoggedPlace, filter?: AccessLogFilter): AccessLog[] {
  return backends.flatMap((backend): AccessLog[] => {
    const logger = loggerFor(backend, place);
    if (!logger) return [];
    if (filter) logger.filter = filter;
    return [logger];
  });
}

function loggerFor(backend: AccessLogBackend, place: LoggedPlace): AccessLog | undefined {
  switch (backend.type) {
    case "File":
      return backend.file && fileLogger(backend.file.path, fileFormat(backend.file.format, place));
    case "Tcp":
      return backend.tcp && fileLogger(place.facts.fifo, tcpFormat(backend.tcp.address, backend.tcp.format, place));
    case "OpenTelemetry":
      return backend.openTelemetry && collectorLogger(backend.openTelemetry, place);
    default:
      return backend.type satisfies never;
  }
}

type Format = ReturnType<typeof fileFormat>;

const fileLogger = (path: string, format: Format): AccessLog =>
  create(AccessLogSchema, { name: "envoy.access_loggers.file", configType: { case: "typedConfig", value: packNew(FileAccessLogSchema, { path, accessLogFormat: { case: "logFormat", value: format } }) } });

const jsonFormat = (value: JsonObject, format: AccessLogFormat | undefined) =>
  create(SubstitutionFormatStringSchema, { format: { case: "jsonFormat", value }, omitEmptyValues: format?.omitEmptyValues ?? false });

function fileFormat(format: AccessLogFormat | undefined, { kind, context }: LoggedPlace) {
  const line = lineOf(format, kind, context);
  if ("values" in line) return jsonFormat({ ...line.values }, format);
  return create(SubstitutionFormatStringSchema, { format: { case: "textFormatSource", value: { specifier: { case: "inlineString", value: line.text } } }, omitEmptyValues: format?.omitEmptyValues ?? false });
}

/** kuma-dp reads from each line of the FIFO where it shall go. */
function tcpFormat(address: string, format: AccessLogFormat | undefined, { kind, context }: LoggedPlace) {
  const line = lineOf(format, kind, context);
  return jsonFormat({ address, message: "values" in line ? { ...line.values } : line.text }, format?.type === "Json" ? format : undefined);
}

type Collector = NonNullable<AccessLogBackend["openTelemetry"]>;

function collectorLogger(conf: Collector, { kind, context, facts }: LoggedPlace): AccessLog | undefined {
  const clusterName = facts.clusterOf(conf);
  if (clusterName === undefined) return undefined;
  const { workload } = context;
  const known = { "kuma.mesh": context.mesh, "kuma.zone": context.zone, ...(workload ? { "kuma.workload": workload } : {}) };
  const attributes = (conf.attributes ?? []).map(({ key, value }): readonly [string, string] => [key, filledIn(value, context)]);
  const typedConfig = packNew(OpenTelemetryAccessLogConfigSchema, {
    grpcService: { targetSpecifier: { case: "envoyGrpc", value: { clusterName } } },
    logName: "MeshAccessLog",
    body: bodyOf(conf.body, kind, context),
    attributes: keyValues(attributes),
    resourceAttributes: keyValues(Object.entries(known)),
  });
  return create(AccessLogSchema, { name: "envoy.access_loggers.open_telemetry", configType: { case: "typedConfig", value: typedConfig } });
}

const text = (value: string) => create(AnyValueSchema, { value: { case: "stringValue", value } });
const keyValues = (pairs: readonly (readonly [string, string])[]) => create(KeyValueListSchema, { values: pairs.map(([key, value]) => ({ key, value: text(value) })) });

/** A value of OpenTelemetry's in JSON; what is none is sent as the text it is. */
function bodyOf(body: unknown, kind: LineKind, context: LineContext): AnyValue {
  const byDefault = () => text(filledIn(defaultLines[kind], context));
  if (body === undefined || body === null) return byDefault();
  const json = filledIn(goJson(body), context);
  const value = anyValueOf(json);
  if (!value) return text(json);
  return value.value.case === undefined ? byDefault() : value;
}

function anyValueOf(json: string): AnyValue | undefined {
  try {
    return fromJson(AnyValueSchema, JSON.parse(json) as JsonValue, { ignoreUnknownFields: true });
  } catch {
    return undefined;
  }
}
