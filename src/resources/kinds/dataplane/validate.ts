// The meaning of a Dataplane (spec/dataplane.md 1.2): addresses, inbounds, outbounds, gateways, listeners, probes.
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, type Dataplane, type Dataplane_Networking as Networking, type Dataplane_Networking_Inbound as Inbound, type Dataplane_Networking_Outbound as Outbound } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { tag } from "../../resource.ts";
import { hasService, isIp, isLoopback, missingService, validateAddress, validatePort, validateTags, type Tags } from "../field-rules.ts";
import { validatePrometheus } from "../backend-confs.ts";
import { destinationKinds, wrongDestinationKind } from "./destination-kinds.ts";
import { validateListeners } from "./listeners.ts";
import { validateReachableBackends } from "./reachable-backends.ts";

const protocols: readonly string[] = ["grpc", "http", "http2", "kafka", "tcp"];
/** Accepted in the field of an inbound as well, though not offered. */
const knownProtocols: readonly string[] = [...protocols, "tls", "mysql"];

export function validateDataplane(dataplane: Dataplane): readonly Violation[] {
  const { networking } = dataplane;
  if (!networking) return [violation("networking", "must be defined"), ...validateMetrics(dataplane), ...validateProbes(dataplane)];
  const at = "networking";
  return [
    ...validateAdmin(networking),
    ...validateShape(dataplane, networking),
    ...validateReachableBackends(networking),
    ...validateListeners(networking),
    ...validateAddress(`${at}.address`, networking.address),
    ...validateMetrics(dataplane),
    ...validateProbes(dataplane),
  ];
}

function validateAdmin(networking: Networking): readonly Violation[] {
  const port = networking.admin?.port ?? 0;
  if (port === 0) return [];
  const usesLoopback = (inbound: Inbound) => {
    const listen = inbound.address || networking.address;
    return (inbound.port === port && isLoopback(listen)) || ((inbound.servicePort || inbound.port) === port && isLoopback(inbound.serviceAddress || listen));
  };
  return [
    ...(networking.inbound.some(usesLoopback) ? [violation("networking.admin.port", "must differ from inbound")] : []),
    ...(networking.outbound.some((it) => it.port === port && isLoopback(it.address || "127.0.0.1")) ? [violation("networking.admin.port", "must differ from outbound")] : []),
  ];
}

function validateShape(dataplane: Dataplane, networking: Networking): readonly Violation[] {
  const { gateway } = networking;
  const outbounds = networking.outbound.flatMap((it, index) => validateOutbound(it, `networking.outbound[${index}]`));
  if (!gateway) return [...networking.inbound.flatMap((it, index) => validateInbound(it, networking, `networking.inbound[${index}]`)), ...outbounds];
  const isBuiltin = gateway.type === GatewayType.BUILTIN;
  const refuse = (field: string, isThere: boolean) => (isThere ? [violation(`networking.${field}`, `${field} cannot be defined for ${isBuiltin ? "builtin" : "delegated"} gateways`)] : []);
  return [
    ...refuse("inbound", networking.inbound.length > 0),
    ...(isBuiltin ? refuse("outbound", networking.outbound.length > 0) : []),
    ...refuse("listeners", networking.listeners.length > 0),
    ...(isBuiltin ? refuse("probes", dataplane.probes !== undefined) : []),
    ...validateGatewayTags(gateway.tags),
    ...(isBuiltin ? [] : outbounds),
  ];
}

function validateGatewayTags(tags: Tags): readonly Violation[] {
  const field = "networking.gateway.tags";
  const protocol = tags[tag.protocol];
  return [
    ...(protocol !== undefined && protocol !== "tcp" ? [violation(`${field}["${tag.protocol}"]`, `other values than tcp are not allowed, provided value "${protocol}"`)] : []),
    ...validateTags(field, tags),
    ...(Object.keys(tags).length > 0 && !hasService(tags) ? [missingService(field)] : []),
  ];
}

function validateInbound(inbound: Inbound, networking: Networking, at: string): readonly Violation[] {
  const isSame = (address: string) => inbound.serviceAddress === address && (inbound.servicePort || inbound.port) === inbound.port;
  const differ = violation(`${at}.serviceAddress`, "serviceAddress and servicePort has to differ from address and port");
  const notIp = (field: "serviceAddress" | "address") => (inbound[field] && !isIp(inbound[field]) ? [violation(`${at}.${field}`, `${field} has to be valid IP address`)] : []);
  const hasAddress = inbound.serviceAddress !== "" && isIp(inbound.serviceAddress);
  return [
    ...validatePort(`${at}.port`, inbound.port),
    ...(inbound.servicePort ? validatePort(`${at}.servicePort`, inbound.servicePort) : []),
    ...notIp("serviceAddress"),
    ...(hasAddress && isSame(networking.address) ? [differ] : []),
    ...notIp("address"),
    ...(hasAddress && inbound.address && isSame(inbound.address) ? [differ] : []),
    ...validateInboundTags(inbound, at),
    ...validateServiceProbe(inbound, at),
  ];
}

function validateInboundTags(inbound: Inbound, at: string): readonly Violation[] {
  const { tags, protocol } = inbound;
  const tagged = tags[tag.protocol];
  const allowed = `Allowed values: ${protocols.join(", ")}`;
  return [
    ...(Object.keys(tags).length > 0 && !hasService(tags) ? [violation(`${at}.tags["${tag.service}"]`, "tag has to exist")] : []),
    ...(tagged !== undefined && !knownProtocols.includes(tagged) ? [violation(`${at}.tags["${tag.protocol}"]`, `tag "${tag.protocol}" has an invalid value "${tagged}". ${allowed}`)] : []),
    ...(protocol && !knownProtocols.includes(protocol) ? [violation(`${at}.protocol`, `has an invalid value "${protocol}". ${allowed}`)] : []),
    ...validateTags(`${at}.tags`, tags),
  ];
}

function validateServiceProbe(inbound: Inbound, at: string): readonly Violation[] {
  const probe = inbound.serviceProbe;
  if (!probe) return [];
  const isZero = (it: { readonly seconds: bigint; readonly nanos: number }) => it.seconds === 0n && it.nanos === 0;
  const wrong = (field: string, isWrong: boolean) => (isWrong ? [violation(`${at}.serviceProbe.${field}`, "must have a positive value")] : []);
  return [
    ...wrong("interval", probe.interval !== undefined && isZero(probe.interval)),
    ...wrong("timeout", probe.timeout !== undefined && isZero(probe.timeout)),
    ...wrong("unhealthyThreshold", probe.unhealthyThreshold === 0),
    ...wrong("healthyThreshold", probe.healthyThreshold === 0),
  ];
}

function validateOutbound(outbound: Outbound, at: string): readonly Violation[] {
  const { backendRef, tags } = outbound;
  const own = [...validatePort(`${at}.port`, outbound.port), ...(outbound.address && !isIp(outbound.address) ? [violation(`${at}.address`, "address has to be valid IP address")] : [])];
  if (!backendRef) return [...own, ...validateTags(`${at}.tags`, tags), ...(hasService(tags) ? [] : [missingService(`${at}.tags`)])];
  if (Object.keys(tags).length > 0) return [...own, violation(`${at}.backendRef`, "both backendRef and tags/service cannot be defined")];
  const isNamed = backendRef.name !== "" || Object.keys(backendRef.labels).length > 0;
  return [
    ...own,
    ...(destinationKinds.includes(backendRef.kind) ? [] : [violation(`${at}.backendRef.kind`, wrongDestinationKind)]),
    ...(isNamed ? [] : [violation(`${at}.backendRef`, "either 'name' or 'labels' should be specified")]),
    ...(backendRef.kind === "MeshExternalService" ? [] : validatePort(`${at}.backendRef.port`, backendRef.port)),
  ];
}

function validateMetrics({ metrics }: Dataplane): readonly Violation[] {
  if (!metrics) return [];
  return metrics.type === "prometheus" ? validatePrometheus("metrics.conf", metrics.conf) : [violation("metrics.type", 'unknown backend type. Available backends: "prometheus"')];
}

function validateProbes({ probes }: Dataplane): readonly Violation[] {
  if (!probes) return [];
  const wrongPath = (field: string, path: string) => (path.startsWith("/") || path === "*" ? [] : [violation(field, "should be a valid URL Path")]);
  return [
    ...validatePort("probes.port", probes.port),
    ...probes.endpoints.flatMap((endpoint, index) => {
      const at = `probes.endpoints[${index}]`;
      return [...validatePort(`${at}.inboundPort`, endpoint.inboundPort), ...wrongPath(`${at}.inboundPath`, endpoint.inboundPath), ...wrongPath(`${at}.path`, endpoint.path)];
    }),
  ];
}
