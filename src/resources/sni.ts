// The server name by which a destination is reached through a zone proxy (spec/api.md 1.5).
import type { Kind } from "./kind.ts";
import { displayName, label, type Resource } from "./resource.ts";
import { label1123Errors } from "./names.ts";

export interface DestinationPort {
  readonly port: number;
  readonly name?: string | undefined;
}

const sectionOf = (port: DestinationPort): string => port.name || String(port.port);

export function sniOf(kind: Kind, resource: Resource, port: DestinationPort): string {
  const zone = resource.labels[label.zone];
  const namespace = resource.labels[label.namespace];
  return ["sni", kind.shortName, resource.mesh, ...(zone ? [zone, ...(namespace ? [namespace] : [])] : []), displayName(resource), sectionOf(port)].join(".");
}

/** One entry per port, by port; undefined for kinds that are no destination and destinations without ports. */
export function snisOf(kind: Kind, resource: Resource): readonly { readonly port: number; readonly sni: string }[] | undefined {
  const ports = kind.portsOf?.(resource.spec) ?? [];
  if (ports.length === 0) return undefined;
  return ports.map((port) => ({ port: port.port, sni: sniOf(kind, resource, port) })).toSorted((a, b) => a.port - b.port);
}

/** Warnings for ports whose SNI is no DNS name. */
export function sniDeprecations(kind: Kind, resource: Resource): readonly string[] {
  return (kind.portsOf?.(resource.spec) ?? []).flatMap((port) => {
    const error = sniError(kind, resource, port);
    return error ? [`Invalid ${kind.name} SNI (port "${port.name ?? String(port.port)}"): ${error}. This is deprecated.`] : [];
  });
}

function sniError(kind: Kind, resource: Resource, port: DestinationPort): string | undefined {
  const name = displayName(resource);
  const wrong = name.includes(".") ? ["must not contain dots"] : label1123Errors(name);
  if (wrong.length > 0) return `name "${name}" does not conform to RFC 1123: ${wrong.join("; ")}`;
  if (port.name === "") return "mesh, name and sectionName must be non-empty";
  const section = label1123Errors(sectionOf(port));
  if (section.length > 0) return section.join("; ");
  return sniOf(kind, resource, port).length > 253 ? "must be no more than 253 characters" : undefined;
}
