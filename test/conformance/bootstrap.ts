// Bootstrap documents against the reference's (shared/conformance/bootstrap): equal in meaning.
import { existsSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { load } from "js-yaml";
import { bootstrapDocument, bootstrapRequestSchema } from "../../src/bootstrap/index.ts";
import type { Outcome } from "./data.ts";

const folder = new URL("../../../shared/conformance/bootstrap/", import.meta.url);

interface Case {
  readonly golden: string;
  readonly auth?: "off";
  readonly adminPort?: number;
  readonly hds?: boolean | "on" | "off";
  readonly reloadableTokens?: boolean | "on";
  readonly params?: Record<string, string | number>;
  readonly proxy?: { readonly gateway?: { readonly globalDownstreamMaxConnections?: number } };
  readonly dataplane?: { readonly networking: { readonly gateway?: { readonly type: string; readonly tags: Record<string, string> } } };
  readonly request?: Record<string, unknown>;
}

const version = {
  kumaDp: { version: "0.0.1", gitTag: "v0.0.1", gitCommit: "91ce236824a9d875601679aa80c63783fb0e8725", buildDate: "2019-08-07T11:26:06Z" },
  envoy: { version: "1.15.0", build: "hash/1.15.0/RELEASE" },
};

export function runBootstrap(): readonly Outcome[] {
  if (!existsSync(folder)) return [];
  const { defaults, cases } = load(readFileSync(new URL("cases.yaml", folder), "utf8")) as { defaults: { request: Record<string, unknown> }; cases: readonly Case[] };
  const caPem = readFileSync(new URL("ca.pem", folder), "utf8");
  return cases.map((it) => {
    const expected = load(readFileSync(new URL(it.golden, folder), "utf8"));
    const request = bootstrapRequestSchema.parse({ ...defaults.request, version, ...it.request });
    const gateway = it.dataplane?.networking.gateway;
    const isOn = (value: unknown) => value === true || value === "on";
    const params = { adminAddress: "127.0.0.1", adminAccessLogPath: "/dev/null", xdsPort: 5678, xdsConnectTimeout: "1s", xdsGrpcMaxReceiveMessageBytes: 4194304, ...it.params };
    const actual = bootstrapDocument({
      request, proxyType: "dataplane", nodeId: `${request.mesh}.${request.name}`, nodeCluster: gateway?.tags["kuma.io/service"] ?? "backend",
      xdsHost: "localhost", xdsPort: Number(params.xdsPort), xdsConnectTimeout: String(params.xdsConnectTimeout), maxReceiveMessageBytes: Number(params.xdsGrpcMaxReceiveMessageBytes),
      caPem, adminPort: it.adminPort ?? 0, adminAddress: String(params.adminAddress), adminOverSocket: false, adminAccessLogPath: String(params.adminAccessLogPath),
      isHdsEnabled: isOn(it.hds), credentialsDir: "",
      usesReloadableTokens: isOn(it.reloadableTokens) && request.dataplaneTokenPath !== undefined, isGateway: gateway?.type === "BUILTIN",
      maxDownstreamConnections: it.proxy?.gateway?.globalDownstreamMaxConnections ?? 50_000, isUnified: false, usesDelta: request.features?.includes("feature-delta-grpc") ?? false,
    });
    const ok = isDeepStrictEqual(normalise(actual), normalise(expected));
    return { folder: "bootstrap", name: it.golden, ok, message: ok ? "" : difference(normalise(actual), normalise(expected)) };
  });
}

/** Key order does not count, nor does the order of the feature list. */
function normalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, child]) => [key, key === "features" && Array.isArray(child) ? child.map(String).toSorted((a, b) => (a < b ? -1 : 1)) : normalise(child)]));
}

function difference(actual: unknown, expected: unknown, path = ""): string {
  if (isDeepStrictEqual(actual, expected)) return "";
  if (typeof actual === "object" && typeof expected === "object" && actual && expected) {
    const keys = new Set([...Object.keys(actual), ...Object.keys(expected)]);
    return [...keys].map((key) => difference((actual as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key], `${path}/${key}`)).filter(Boolean).slice(0, 5).join("; ");
  }
  return `${path}: ${JSON.stringify(actual)?.slice(0, 80)} instead of ${JSON.stringify(expected)?.slice(0, 80)}`;
}
