// A discovery request as Prometheus sends it: JSON in either spelling of names, and a time to wait. Error texts are those users know (spec/security.md 8).
import { fromJson } from "@bufbuild/protobuf";
import { DiscoveryRequestSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { parseDuration, reasonOf } from "#platform";

export interface AssignmentRequest {
  readonly clientId: string;
  /** What the client has; empty for nothing. */
  readonly version: string;
  /** Resources it wants; empty for all. */
  readonly names: readonly string[];
}

export interface Problem {
  readonly title: string;
  readonly detail: string;
}

export function parseRequest(body: string): AssignmentRequest | Problem {
  try {
    const { node, versionInfo, resourceNames } = fromJson(DiscoveryRequestSchema, JSON.parse(body) as never);
    return { clientId: node?.id ?? "", version: versionInfo, names: resourceNames };
  } catch (error) {
    return { title: "Could not parse request body", detail: bodyProblem(body, error) };
  }
}

function bodyProblem(body: string, error: unknown): string {
  if (body.trim() === "") return "EOF";
  const message = reasonOf(error);
  if (/Unexpected end|Expected .* at position|Unterminated/.test(message)) return "unexpected EOF";
  const unknown = /cannot decode message (\S+) from JSON: key "([^"]*)" is unknown/.exec(message);
  return unknown ? `unknown field "${unknown[2]}" in ${unknown[1]}` : message;
}

/** Milliseconds; absent or empty means the default, zero or less an answer at once. */
export function parseFetchTimeout(text: string | undefined, defaultMs: number): number | Problem {
  if (!text) return defaultMs;
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  const isNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text);
  return { title: "Could not parse fetch-timeout", detail: isNumber ? `time: missing unit in duration ${JSON.stringify(text)}` : `time: invalid duration ${JSON.stringify(text)}` };
}
