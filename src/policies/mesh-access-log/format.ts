// What a line of an access log says: commands of the mesh's own are filled in here, Envoy's are left for Envoy.
import type { AccessLogFormat } from "./kind.ts";

/** What a line can tell that Envoy does not know. */
export interface LineContext {
  readonly sourceAddress: string;
  readonly sourceAddressWithPort: string;
  readonly sourceService: string;
  readonly destinationService: string;
  readonly mesh: string;
  readonly direction: "INBOUND" | "OUTBOUND";
  readonly zone: string;
  readonly workload: string;
}

/** Whether a line is about a request, a connection, or a connection that leaves the mesh. */
export type LineKind = "http" | "tcp" | "passthrough";

const requestLine =
  '[%START_TIME%] %KUMA_MESH% "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-B3-TRACEID?X-DATADOG-TRACEID)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" ' +
  '"%KUMA_SOURCE_SERVICE%" "%KUMA_DESTINATION_SERVICE%" "%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%" "%UPSTREAM_HOST%"';
const connectionLine =
  "[%START_TIME%] %RESPONSE_FLAGS% %KUMA_MESH% %KUMA_SOURCE_ADDRESS_WITHOUT_PORT%(%KUMA_SOURCE_SERVICE%)->%UPSTREAM_HOST%(%KUMA_DESTINATION_SERVICE%) " +
  "took %DURATION%ms, sent %BYTES_SENT% bytes, received: %BYTES_RECEIVED% bytes";

/** Lines where no format is given. Of passthrough Kuma says the one word, and dashboards may count on it. */
export const defaultLines: Readonly<Record<LineKind, string>> = { http: requestLine, tcp: connectionLine, passthrough: "tcp" };

const commands: readonly (readonly [string, (context: LineContext) => string])[] = [
  ["%KUMA_SOURCE_ADDRESS%", (it) => it.sourceAddressWithPort],
  ["%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%", (it) => it.sourceAddress],
  ["%KUMA_SOURCE_SERVICE%", (it) => it.sourceService],
  ["%KUMA_DESTINATION_SERVICE%", (it) => it.destinationService],
  ["%KUMA_MESH%", (it) => it.mesh],
  ["%KUMA_TRAFFIC_DIRECTION%", (it) => it.direction],
  ["%KUMA_ZONE%", (it) => it.zone],
  ["%KUMA_WORKLOAD%", (it) => it.workload],
];

export const filledIn = (text: string, context: LineContext): string => commands.reduce((line, [command, value]) => line.replaceAll(command, value(context)), text);

/** A line of text, or named values. */
export type Line = { readonly text: string } | { readonly values: Readonly<Record<string, string>> };

export function lineOf(format: AccessLogFormat | undefined, kind: LineKind, context: LineContext): Line {
  if (format?.type === "Json") return { values: Object.fromEntries((format.json ?? []).map(({ key, value }) => [key, filledIn(value, context)])) };
  return { text: `${filledIn(format?.plain ?? defaultLines[kind], context)}\n` };
}
