// Where requests of an outbound go: routes with weighted backends. Policies shape them (MeshHTTPRoute, MeshTCPRoute).
import type { Resource } from "#resources";
import type { RuleOrigin } from "../rules/resource-rules.ts";
import type { Destination } from "./destinations.ts";

export interface WeightedBackend {
  readonly destination: Destination;
  readonly weight: number;
}

export interface ValueMatch {
  readonly type?: "Exact" | "PathPrefix" | "RegularExpression" | "Prefix" | "Present" | "Absent" | undefined;
  readonly name?: string | undefined;
  readonly value?: string | undefined;
}

export interface HttpMatch {
  readonly path?: ValueMatch | undefined;
  readonly method?: string | undefined;
  readonly queryParams?: readonly ValueMatch[] | undefined;
  readonly headers?: readonly ValueMatch[] | undefined;
}

export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

export interface HeaderModifier {
  readonly set?: readonly HeaderValue[] | undefined;
  readonly add?: readonly HeaderValue[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

export interface PathRewrite {
  readonly type: "ReplaceFullPath" | "ReplacePrefixMatch";
  readonly replaceFullPath?: string | undefined;
  readonly replacePrefixMatch?: string | undefined;
}

export interface RouteFilter {
  readonly type: string;
  readonly requestHeaderModifier?: HeaderModifier | undefined;
  readonly responseHeaderModifier?: HeaderModifier | undefined;
  readonly requestRedirect?: {
    readonly scheme?: string | undefined;
    readonly hostname?: string | undefined;
    readonly port?: number | undefined;
    readonly statusCode?: number | undefined;
    readonly path?: PathRewrite | undefined;
  } | undefined;
  readonly urlRewrite?: { readonly hostname?: string | undefined; readonly path?: PathRewrite | undefined; readonly hostToBackendHostname?: boolean | undefined } | undefined;
  /** Set by the shaper: where copies go, and how many per cent of the requests. */
  readonly requestMirror?: { readonly percentage?: number | string | undefined; readonly backend?: Destination | undefined } | undefined;
}

export interface HttpRoute {
  /** Envoy's name of the route, in the older family of names and in the unified one. */
  readonly name: string;
  readonly unifiedName: string;
  /** One match; a rule with several matches is several routes. Undefined for the implicit catch-all. */
  readonly match: HttpMatch | undefined;
  readonly filters: readonly RouteFilter[];
  readonly backends: readonly WeightedBackend[];
  /** The route resource, for policies that target it. */
  readonly source: Resource | undefined;
}

export interface BackendRef {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly port?: number | undefined;
  readonly weight?: number | undefined;
}

export interface ShapeContext {
  readonly destination: Destination;
  /** The item of a route resource that a rule with these matches comes from. */
  originOf(matches: unknown): RuleOrigin | undefined;
  /** Undefined when the reference leads nowhere. */
  resolve(reference: BackendRef): Destination | undefined;
}

/** A policy that decides where requests go; the first that answers for a destination wins. */
export interface RouteShaper {
  readonly kind: string;
  /** Routes of an HTTP listener, most specific first; undefined when the policy has none for it. */
  http?(conf: unknown, context: ShapeContext): readonly HttpRoute[] | undefined;
  /** Backends of a TCP listener. */
  tcp?(conf: unknown, context: ShapeContext): readonly WeightedBackend[] | undefined;
}
