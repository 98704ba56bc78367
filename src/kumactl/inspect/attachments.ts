// Which policies apply to one proxy, and to which proxies one policy applies: the answers of the inspection API as indented text.
import { listAt, objectAt, textAt, type Json } from "../documents/rows.ts";

/** Blocks are separated by an empty line; the lines of a block know their depth. */
const text = (blocks: readonly (readonly string[])[]): string => blocks.map((lines) => `${lines.join("\n")}\n\n`).join("");

const serviceOf = (tags: unknown): string => textAt(tags, "kuma.io/service");

/** The policies of one proxy, under what they are attached to. */
export function policiesOfProxy(document: Json): string {
  if (textAt(document, "kind") === "MeshGatewayDataplane") return policiesOfGateway(document);
  return text(listAt(document, "items").map((entry) => [`${attachmentTitle(entry)}:`, ...matched(objectAt(entry, "matchedPolicies"), "  ")]));
}

function attachmentTitle(entry: unknown): string {
  const [type, name, service] = [textAt(entry, "type"), textAt(entry, "name"), textAt(entry, "service")];
  if (type === "dataplane") return "DATAPLANE";
  return type === "service" ? `SERVICE ${name}` : `${type.toUpperCase()} ${name}(${service})`;
}

/** A kind's line, then its policies one step deeper (the first of them, as Kuma prints it); some documents hold one policy where others hold a list. */
function matched(policies: Json, indent: string): string[] {
  return Object.entries(policies)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([kind, found]) => [`${indent}${kind}`, `${indent}  ${(Array.isArray(found) ? (found as unknown[]) : [found]).map((it) => textAt(it, "name")).join("\n")}`]);
}

/** An empty line follows each destination, and what holds for the gateway as a whole. */
function policiesOfGateway(document: Json): string {
  const listeners = listAt(document, "listeners").flatMap((listener) => [
    `${listenerTitle("LISTENER", listener)}:`,
    ...listAt(listener, "hosts").flatMap((host) => [
      `  ${textAt(host, "hostName")}:`,
      ...listAt(host, "routes").flatMap((route) => [
        `    ROUTE ${textAt(route, "route")}:`,
        ...listAt(route, "destinations").flatMap((it) => [`      SERVICE ${serviceOf(objectAt(it, "tags"))}:`, ...matched(objectAt(it, "policies"), "        "), ""]),
      ]),
    ]),
  ]);
  const lines = ["MESHGATEWAY:", ...matched(objectAt(document, "policies"), "  "), "", ...listeners];
  return lines.map((line) => `${line}\n`).join("");
}

const listenerTitle = (word: string, listener: unknown): string => `${word} (${textAt(listener, "protocol")}:${textAt(listener, "port")})`;

/** The proxies of one policy, with where it is attached. */
export function proxiesOfPolicy(document: Json): string {
  const blocks = listAt(document, "items").map((item) => {
    if (textAt(item, "kind") === "MeshGatewayDataplane") return text([affectedGateway(item)]);
    return isWhole(item) ? `  ${textAt(item, "dataplane", "name")}\n` : text([affectedSidecar(item)]);
  });
  return text([["Affected data plane proxies:"]]) + blocks.join("");
}

/** A policy for the whole proxy says no more than its name. */
const isWhole = (item: unknown): boolean => listAt(item, "attachments").every((it) => textAt(it, "type") === "dataplane" && textAt(it, "name") === "");

function affectedSidecar(item: unknown): string[] {
  const attachments = listAt(item, "attachments").map((it) => {
    const [type, name, service] = [textAt(it, "type"), textAt(it, "name"), textAt(it, "service")];
    return `    ${type === "dataplane" ? type : type === "service" ? `service ${name}` : `${type} ${name}(${service})`}`;
  });
  return [`  ${textAt(item, "dataplane", "name")}:`, ...attachments];
}

function affectedGateway(item: unknown): string[] {
  const listeners = listAt(item, "listeners").flatMap((listener) => [
    `    ${listenerTitle("listener", listener)}:`,
    ...listAt(listener, "hosts").flatMap((host) => [
      `      ${textAt(host, "hostName")}:`,
      ...listAt(host, "routes").flatMap((route) => [`        ${textAt(route, "route")}:`, ...listAt(route, "destinations").map((it) => `          service ${serviceOf(it)}`)]),
    ]),
  ]);
  return [`  ${textAt(item, "gateway", "name")}:`, ...listeners];
}
