// Host names of destinations, made by HostnameGenerators (spec/multizone.md 4.7).
import { isDeepStrictEqual } from "node:util";
import type { Part } from "#platform";
import { displayName, isSubdomain, label, subdomainText, type Labels, type Place, type Resource } from "#resources";
import { renderTemplate, type HostnameGenerator, type MeshServiceStatus } from "#resources/kinds";
import { byMesh, react, type ControllerParts, type Decision, type Write } from "./reaction.ts";

export interface HostnameOptions extends ControllerParts {
  readonly place: Place;
}

const destinations = ["MeshService", "MeshExternalService", "MeshMultiZoneService"] as const;
type DestinationKind = (typeof destinations)[number];

/** Runs on the leader of a zone. */
export function generateHostnames(options: HostnameOptions): Part {
  const { store, place } = options;
  return react({
    ...options,
    name: "hostnames",
    gapMs: 50,
    ...byMesh(store, destinations, ["HostnameGenerator"]),
    decide: (mesh) => decideHostnames({
      place,
      generators: store.list("HostnameGenerator") as readonly HostnameGenerator[],
      services: destinations.flatMap((kind) => store.list(kind, { mesh }) as readonly Destination[]),
    }),
  });
}

type Status = Pick<MeshServiceStatus, "addresses" | "hostnameGenerators">;
type Destination = Resource<unknown, Status>;
type Address = NonNullable<Status["addresses"]>[number];
type Outcome = NonNullable<Status["hostnameGenerators"]>[number];

/** One mesh. */
export interface HostnamesView {
  readonly place: Place;
  readonly generators: readonly HostnameGenerator[];
  readonly services: readonly Destination[];
}

const generatedOrigin = "HostnameGenerator";

export function decideHostnames({ place, generators, services }: HostnamesView): Decision {
  // A name is one destination's among those of its kind; two kinds may share one.
  const owners = new Map<string, Destination>();
  const given = new Map(services.map((it) => [it, { addresses: [] as Address[], outcomes: [] as Outcome[] }]));
  const ordered = services.toSorted(byAge);
  for (const generator of generators.toSorted(byPrecedence)) {
    const hostnameGeneratorRef = { coreName: displayName(generator) };
    for (const service of ordered.filter((it) => isSelected(generator, it))) {
      const its = given.get(service);
      const name = hostnameOf(generator.spec.template, service, place);
      const owner = "hostname" in name ? owners.get(`${service.type} ${name.hostname}`) : undefined;
      if ("problem" in name) its?.outcomes.push({ hostnameGeneratorRef, conditions: [failed("TemplateError", name.problem)] });
      else if (owner && owner !== service) its?.outcomes.push({ hostnameGeneratorRef, conditions: [failed("Collision", `Hostname collision with ${owner.type}: ${owner.name}`)] });
      else {
        owners.set(`${service.type} ${name.hostname}`, service);
        its?.addresses.push({ hostname: name.hostname, origin: generatedOrigin, hostnameGeneratorRef });
        its?.outcomes.push({ hostnameGeneratorRef, conditions: [{ type: "Generated", status: "True", reason: "Generated", message: "" }] });
      }
    }
  }
  return { writes: [...given].flatMap(([service, { addresses, outcomes }]) => writeOf(service, addresses.toSorted(byGenerator), outcomes.toSorted(byGenerator))), nextAt: Infinity };
}

function writeOf(service: Destination, generated: readonly Address[], hostnameGenerators: Outcome[]): readonly Write[] {
  const next = (current: Destination): Destination | undefined => {
    const { addresses: before = [], hostnameGenerators: _, ...rest } = current.status ?? {};
    const addresses = [...before.filter((it) => it.origin !== generatedOrigin), ...generated];
    const status: Status = { ...rest, ...(addresses.length > 0 ? { addresses } : {}), ...(hostnameGenerators.length > 0 ? { hostnameGenerators } : {}) };
    return isDeepStrictEqual(status, current.status ?? {}) ? undefined : { ...current, status };
  };
  return next(service) ? [{ is: "update", key: service, change: (current) => current && next(current as Destination) }] : [];
}

const selectorFields = { MeshService: "meshService", MeshExternalService: "meshExternalService", MeshMultiZoneService: "meshMultiZoneService" } as const;

function isSelected({ spec }: HostnameGenerator, { type, labels }: Destination): boolean {
  const selector = spec.selector?.[selectorFields[type as DestinationKind]];
  return selector !== undefined && Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function hostnameOf(template: string, service: Destination, place: Place): { readonly hostname: string } | { readonly problem: string } {
  const { labels, mesh, name } = service;
  const own = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const fields = { Name: name, DisplayName: displayName(service), Namespace: labels[label.namespace] ?? "", Mesh: mesh, Zone: zoneOf(labels, place) };
  const rendered = renderTemplate(template, { fields, label: own });
  if ("error" in rendered) return { problem: `pre evaluation of template with parameters failed with error=${JSON.stringify(rendered.error)}` };
  if (isSubdomain(rendered.text)) return { hostname: rendered.text };
  return { problem: `generated hostname ${JSON.stringify(rendered.text)} is not a valid DNS name: ${subdomainText}` };
}

/** What is made for the whole mesh counts as this zone's. */
const zoneOf = (labels: Labels, place: Place): string => labels[label.zone] ?? place.zone;

const failed = (reason: string, message: string) => ({ type: "Generated", status: "False" as const, reason, message });

const isZones = ({ labels }: Resource): boolean => labels[label.origin] === "zone";
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byAge = (a: Resource, b: Resource): number => a.creationTime - b.creationTime || compare(a.name, b.name);
/** The zone's own come before those of global. */
const byPrecedence = (a: Resource, b: Resource): number => Number(isZones(b)) - Number(isZones(a)) || a.creationTime - b.creationTime || compare(a.name, b.name);
const byGenerator = (a: Address | Outcome, b: Address | Outcome): number => compare(a.hostnameGeneratorRef?.coreName ?? "", b.hostnameGeneratorRef?.coreName ?? "");
