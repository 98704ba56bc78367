// The meaning of an ExternalService: where it is, how TLS to it is made, its tags.
import type { ExternalService, ExternalService_Networking as Networking, ExternalService_Networking_TLS as Tls } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import type { DataSource } from "#gen/kuma/system/v1alpha1/datasource_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { tag } from "../../resource.ts";
import { hasService, isHost, missingService, validatePort, validateTags } from "../field-rules.ts";

const protocols = ["grpc", "http", "http2", "kafka", "tcp"];

export function validateExternalService({ networking, tags }: ExternalService): readonly Violation[] {
  const protocol = tags[tag.protocol];
  const allowed = `Allowed values: ${protocols.join(", ")}`;
  return [
    ...(networking ? validateNetworking(networking) : [violation("networking", "should have networking")]),
    ...validateTags("tags", tags),
    ...(hasService(tags) ? [] : [missingService("tags")]),
    ...(protocol === undefined || protocols.includes(protocol) ? [] : [violation(`tags["${tag.protocol}"]`, `tag "${tag.protocol}" has an invalid value "${protocol}". ${allowed}`)]),
  ];
}

function validateNetworking({ address, tls }: Networking): readonly Violation[] {
  return [...validateAddressAndPort("networking.address", address), ...(tls ? validateTls(tls) : [])];
}

function validateAddressAndPort(field: string, text: string): readonly Violation[] {
  if (text === "") return [violation(field, "address can't be empty")];
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const notHost = violation(field, "address has to be a valid IP address or a domain name");
  const noPort = violation(field, "unable to parse port in address");
  if (host === undefined || port === undefined) return [violation(field, "unable to parse address"), notHost, noPort, ...validatePort(field, 0)];
  const isNumber = /^\d+$/.test(port);
  return [...(isHost(host) ? [] : [notHost]), ...(isNumber ? [] : [noPort]), ...validatePort(field, isNumber ? Number(port) : 0)];
}

function validateTls(tls: Tls): readonly Violation[] {
  const sources = [["caCert", tls.caCert], ["clientCert", tls.clientCert], ["clientKey", tls.clientKey]] as const;
  return [
    ...sources.flatMap(([field, source]) => (source && isEmpty(source) ? [violation(`networking.tls.${field}`, "data source cannot be empty")] : [])),
    ...(tls.serverName === "" ? [violation("networking.tls.serverName", "cannot be empty")] : []),
  ];
}

function isEmpty({ type }: DataSource): boolean {
  if (type.case === undefined) return true;
  return (typeof type.value === "string" ? type.value : type.value.value).length === 0;
}
