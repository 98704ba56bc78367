// MeshTimeout on Envoy: on clusters, connection managers, routes and TCP proxies; its defaults hold where no policy speaks (spec/dataplane.md 6.2).
import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { HttpProtocolOptionsSchema } from "#gen/envoy/config/core/v3/protocol_pb.js";
import { confsByCaller, protoDuration, routesByCaller } from "#envoy";
import type { ClusterDraft, EnvoyPolicy, HttpDraft, ListenerDraft, RouteDraft } from "#envoy";
import { confForEveryone, type InboundConf, type OutboundConf } from "#mesh";
import { durationMs } from "#resources";
import type { TimeoutConf } from "./kind.ts";

interface Defaults {
  readonly connectMs: number;
  readonly idleMs: number;
  readonly requestMs: number;
  readonly streamIdleMs: number;
}

const defaults: Defaults = { connectMs: 5_000, idleMs: 3_600_000, requestMs: 15_000, streamIdleMs: 1_800_000 };
/** An inbound's connection manager gives streams twice the time of the route: the caller's side ends first. */
const inboundStreamIdleMs = 3_600_000;

const timeout = (text: string | undefined, fallbackMs: number): Duration => protoDuration(durationMs(text) ?? fallbackMs);

const outboundConf = (conf: OutboundConf | undefined): TimeoutConf => (conf?.value ?? {}) as TimeoutConf;
const inboundConf = (conf: InboundConf | undefined): TimeoutConf => (confForEveryone(conf?.rules ?? []) ?? {}) as TimeoutConf;

export const meshTimeoutApply: EnvoyPolicy = {
  kind: "MeshTimeout",
  outboundCluster: (draft, conf) => onCluster(draft, outboundConf(conf)),
  inboundCluster(draft, conf) {
    if (speaksOfEveryone(conf)) onCluster(draft, inboundConf(conf));
    else unspokenCluster(draft);
    if (draft.http && draft.protocol === "grpc") draft.http.commonHttpProtocolOptions = create(HttpProtocolOptionsSchema, { idleTimeout: protoDuration(unspoken.idleMs) }); // whatever policies say
  },
  outboundListener(listener, conf, { target }) {
    if (conf || target.destination.is === "resource") onListener(listener, outboundConf(conf));
    else leaveIdleToCluster(listener);
  },
  inboundListener(listener, conf) {
    if (speaksOfEveryone(conf)) onListener(listener, inboundConf(conf));
    else unspokenListener(listener);
    for (const http of httpOf(listener)) http.message.streamIdleTimeout = protoDuration(inboundStreamIdleMs);
    routesByCaller(listener, confsByCaller(conf?.rules ?? []), { prefix: "kuma.mesh_timeout", onRoute: (draft, value) => onRouteOfCaller(draft, value as TimeoutConf) });
  },
  outboundRoute(draft, conf, { target }) {
    if (conf || target.destination.is === "resource") onRoute(draft, outboundConf(conf));
    else withoutLimit(draft);
  },
  listenerPart(conf) {
    const { connectionTimeout: _clusters, ...rest } = outboundConf(conf);
    return rest;
  },
  inboundRoute(draft, conf) {
    if (speaksOfEveryone(conf)) onRoute(draft, inboundConf(conf));
    else withoutLimit(draft);
  },
};

/** Rules for some callers alone leave all others with an inbound's own limits, twice an outbound's. */
const speaksOfEveryone = (conf: InboundConf | undefined): boolean => !conf || conf.rules.length === 0 || conf.rules.some((it) => !it.match);

const unspoken = { connectMs: 10_000, idleMs: 7_200_000 } as const;

function unspokenCluster({ message, http, protocol }: ClusterDraft): void {
  message.connectTimeout = protoDuration(unspoken.connectMs);
  if (http && (protocol === "http" || protocol === "http2")) http.commonHttpProtocolOptions = create(HttpProtocolOptionsSchema, { idleTimeout: protoDuration(unspoken.idleMs) });
}

function unspokenListener(listener: ListenerDraft): void {
  for (const http of httpOf(listener)) http.message.commonHttpProtocolOptions = create(HttpProtocolOptionsSchema, { idleTimeout: protoDuration(unspoken.idleMs) });
  for (const { terminal } of listener.chains) if (terminal.is === "tcp") terminal.proxy.idleTimeout = protoDuration(unspoken.idleMs);
}

/** What a rule for a caller leaves open is as for everybody. */
function onRouteOfCaller({ message }: RouteDraft, { http }: TimeoutConf): void {
  if (message.action.case !== "route") return;
  if (http?.requestTimeout !== undefined) message.action.value.timeout = timeout(http.requestTimeout, 0);
  if (http?.streamIdleTimeout !== undefined) message.action.value.idleTimeout = timeout(http.streamIdleTimeout, 0);
}

function onCluster(draft: ClusterDraft, conf: TimeoutConf): void {
  draft.message.connectTimeout = timeout(conf.connectionTimeout, defaults.connectMs);
  // gRPC streams and plain bytes have no limits at this level.
  if (!draft.http || (draft.protocol !== "http" && draft.protocol !== "http2")) return;
  draft.http.commonHttpProtocolOptions = create(HttpProtocolOptionsSchema, {
    idleTimeout: timeout(conf.idleTimeout, defaults.idleMs),
    maxConnectionDuration: timeout(conf.http?.maxConnectionDuration, 0),
    maxStreamDuration: timeout(conf.http?.maxStreamDuration, 0),
  });
}

const httpOf = (listener: ListenerDraft): readonly HttpDraft[] => listener.chains.flatMap(({ terminal }) => (terminal.is === "http" ? [terminal.http] : []));

/** Idle connections are the cluster's business; zero turns Envoy's own hour off. */
function leaveIdleToCluster(listener: ListenerDraft): void {
  for (const http of httpOf(listener)) http.message.commonHttpProtocolOptions = create(HttpProtocolOptionsSchema, { idleTimeout: protoDuration(0) });
}

function onListener(listener: ListenerDraft, conf: TimeoutConf): void {
  leaveIdleToCluster(listener);
  for (const http of httpOf(listener)) http.message.requestHeadersTimeout = timeout(conf.http?.requestHeadersTimeout, 0);
  for (const { terminal } of listener.chains) {
    if (terminal.is === "tcp") terminal.proxy.idleTimeout = timeout(conf.idleTimeout, defaults.idleMs);
  }
}

/** Services named by tags have no defaults: requests take as long as they take until a policy says something. */
function withoutLimit({ message }: RouteDraft): void {
  if (message.action.case === "route") message.action.value.timeout = protoDuration(0);
}

function onRoute({ message }: RouteDraft, conf: TimeoutConf): void {
  if (message.action.case !== "route") return;
  message.action.value.timeout = timeout(conf.http?.requestTimeout, defaults.requestMs);
  message.action.value.idleTimeout = timeout(conf.http?.streamIdleTimeout, defaults.streamIdleMs);
}
