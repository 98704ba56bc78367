// The Envoy configuration of a proxy as JSON, and what policies that are only tried out would change in it (spec/api.md 2.7).
import { create, fromBinary, toJson, type JsonValue } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { domainTrustSecret, type ProxyResources, type Sealed } from "#envoy";
import { SecretSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import type { MeshView, Proxy } from "#mesh";
import { badRequest, KumaError, notFound } from "#resources";
import type { Inspect, ProxyPath } from "../options.ts";
import { jsonPatch } from "./json-patch.ts";
import { dataplaneOr404, viewOr404, type InspectionParts } from "./parts.ts";
import { envoyRegistry } from "#envoy";

/** Type URL to name to resource. */
type Configuration = Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;

export function inspectConfig(parts: InspectionParts): Inspect<ProxyPath> {
  return ({ mesh, name }, query) => {
    mustBeKnown("include", query["include"], ["diff"]);
    mustBeKnown("shadow", query["shadow"], ["true", "false"]);
    const view = viewOr404(parts, mesh);
    const connected = parts.proxyOf(mesh, name);
    if (!connected) throw new KumaError(notFound("Not found").failure, { attempt: "Failed to fetch dataplane insight" });
    const dataplane = dataplaneOr404(view, name, "Failed to retrieve Dataplane");
    const proxy: Proxy = { dataplane, traits: connected.traits };
    const includeShadow = query["shadow"] === "true";
    const xds = configuration(parts, view, proxy, includeShadow);
    if (!query["include"]?.split(",").includes("diff")) return { xds };
    return { diff: jsonPatch(includeShadow ? configuration(parts, view, proxy, false) : xds, xds), xds };
  };
}

function mustBeKnown(parameter: string, value: string | undefined, known: readonly string[]): void {
  if (value && !value.split(",").every((it) => known.includes(it))) throw badRequest(`bad request: unsupported value for query parameter '${parameter}'`);
}

function configuration({ planner, pipeline, trustOf }: InspectionParts, view: MeshView, proxy: Proxy, includeShadow: boolean): Configuration {
  const plan = planner.plan(view, proxy, { includeShadow });
  const resources = pipeline.resourcesFor(plan, undefined);
  const endpoints = [...pipeline.endpointsFor(view, resources.endpoints).values()];
  const byType = Map.groupBy([...resources.clusters, ...resources.listeners, ...endpoints].map(printed), ({ typeUrl }) => typeUrl);
  const secrets = secretsOf(resources, plan.identity !== undefined, () => trustOf(view));
  if (secrets.length > 0) byType.set(secretType, secrets);
  return Object.fromEntries(sortedBy([...byType], ([type]) => type).map(([type, list]) => [type, Object.fromEntries(sortedBy(list, (it) => it.name).map((it) => [it.name, it.json]))]));
}

const sortedBy = <T>(items: readonly T[], textOf: (item: T) => string): readonly T[] => items.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));

interface Printed {
  readonly typeUrl: string;
  readonly name: string;
  readonly json: JsonValue;
}

const secretType = `type.googleapis.com/${SecretSchema.typeName}`;

function printed({ any, typeUrl, name }: Sealed): Printed {
  const { value } = fromBinary(AnySchema, any);
  const schema = envoyRegistry.getMessage(typeUrl.slice(typeUrl.indexOf("/") + 1));
  if (!schema) throw new Error(`no message for ${typeUrl}`);
  return { typeUrl, name, json: toJson(schema, fromBinary(schema, value), { registry: envoyRegistry }) };
}

/** That there are secrets is shown; what they are is not. Whom a proxy trusts is no secret. */
function secretsOf({ secrets }: ProxyResources, hasIdentity: boolean, trust: () => ReadonlyMap<string, string>): Printed[] {
  if (!secrets) return [];
  const bytes = (text: string) => ({ specifier: { case: "inlineBytes" as const, value: Buffer.from(text) } });
  const identity = create(SecretSchema, { name: secrets.identity, type: { case: "tlsCertificate", value: { certificateChain: bytes("CERT"), privateKey: bytes("KEY") } } });
  const ca = create(SecretSchema, { name: secrets.trust, type: { case: "validationContext", value: { trustedCa: bytes("CA") } } });
  const validation = secrets.isByDomain ? domainTrustSecret(secrets.trust, trust()) : ca;
  // As the reference shows it: the certificate of a MeshIdentity is not listed.
  return (hasIdentity ? [validation] : [identity, validation]).map((secret) => ({ typeUrl: secretType, name: secret.name, json: toJson(SecretSchema, secret, { registry: envoyRegistry }) }));
}
