// The meaning of a MeshGateway: listeners that fit each other and their TLS.
import {
  MeshGateway_Listener_Protocol as Protocol, MeshGateway_TLS_Mode as Mode, type MeshGateway, type MeshGateway_Listener as Listener,
} from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { isDnsName, validateGatewayTags, validatePort } from "../field-rules.ts";
import { validateSelectors } from "../older-policies/selectors.ts";

export function validateMeshGateway({ selectors, tags, conf }: MeshGateway): readonly Violation[] {
  return [
    ...validateSelectors("selectors", selectors),
    ...validateGatewayTags("tags", tags),
    ...(conf ? validateListeners("conf.listeners", conf.listeners) : [violation("conf", "cannot be empty")]),
  ];
}

function validateListeners(path: string, listeners: readonly Listener[]): readonly Violation[] {
  if (listeners.length === 0) return [violation(path, "cannot be empty")];
  return [...listeners.flatMap((it, index) => validateListener(`${path}[${index}]`, it)), ...validateTogether(path, listeners)];
}

function validateListener(at: string, listener: Listener): readonly Violation[] {
  const { hostname, protocol } = listener;
  const isHostname = hostname === "" || hostname === "*" || isDnsName(hostname.replace(/^\*\./, ""));
  return [
    ...(isHostname ? [] : [violation(`${at}.hostname`, "invalid hostname")]),
    ...validatePort(`${at}.port`, listener.port),
    ...(protocol === Protocol.NONE ? [violation(`${at}.protocol`, "cannot be empty")] : []),
    ...validateTls(`${at}.tls`, listener),
    ...validateGatewayTags(`${at}.tags`, listener.tags),
  ];
}

function validateTls(at: string, { tls, protocol, crossMesh }: Listener): readonly Violation[] {
  const needsTls = protocol === Protocol.HTTPS || protocol === Protocol.TLS;
  if (crossMesh) return tls ? [violation(at, "must be empty with crossMesh")] : [];
  if (!tls) return needsTls ? [violation(at, "cannot be empty")] : [];
  if (tls.mode === Mode.NONE) return needsTls ? [violation(`${at}.mode`, "cannot be empty")] : [];
  if (tls.mode === Mode.PASSTHROUGH) return protocol === Protocol.HTTPS ? [violation(`${at}.mode`, "mode is not supported on HTTPS listeners")] : [];
  return tls.certificates.length === 0 ? [violation(`${at}.certificates`, "cannot be empty in TLS termination mode")] : [];
}

/** Listeners of one port speak one protocol and differ in hostname. */
function validateTogether(path: string, listeners: readonly Listener[]): readonly Violation[] {
  const say = (message: string, isWrong: (listener: Listener) => boolean) => listeners.flatMap((it, index) => (isWrong(it) ? [violation(`${path}[${index}]`, message)] : []));
  const samePort = (listener: Listener) => listeners.filter((it) => it !== listener && it.port === listener.port);
  const hostnameOf = (it: Listener) => it.hostname || "*";
  return [
    ...say("protocol conflicts with other listeners on this port", (it) => samePort(it).some((other) => other.protocol !== it.protocol)),
    ...say("multiple listeners for hostname on this port", (it) => samePort(it).some((other) => hostnameOf(other) === hostnameOf(it))),
  ];
}
