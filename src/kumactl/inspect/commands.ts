// `kumactl inspect`: overviews of proxies, zones, meshes and services; one proxy; the proxies of one policy.
import type { Call, CommandSpec } from "#platform/command-line";
import type { Flag } from "#platform/command-line";
import { kindNames, type KindNames } from "../kind-names.ts";
import { formatOf, outputFlag, print } from "../output/format.ts";
import { table } from "../output/table.ts";
import { fetchPage, meshFlag } from "../documents/get.ts";
import { collectionPath, itemPath, query } from "../documents/paths.ts";
import { listAt, objectAt, textAt, type Json } from "../documents/rows.ts";
import { renderTable } from "../output/screen.ts";
import { watch, watchFlag } from "../output/watch.ts";
import type { Session } from "../session.ts";
import { policiesOfProxy, proxiesOfPolicy } from "./attachments.ts";
import { trustTables } from "./trust.ts";
import { dataplanes, meshes, services, zoneEgresses, zoneIngresses, zones, type Overview } from "./overviews.ts";

const dataplaneKind = { scope: "Mesh", path: "dataplanes" } as const;

export function inspectCommand(session: Session): CommandSpec {
  return {
    name: "inspect",
    summary: "Show resources together with their state",
    sharedFlags: [outputFlag],
    before: () => session.checkVersion(),
    commands: [
      overview(session, { name: "dataplanes", purpose: "a dataplane", summary: "Show proxies, whether they are connected, their certificates and versions", flags: dataplaneFlags, pathOf: dataplanesPath, view: dataplanes }),
      overview(session, { name: "zones", purpose: "a zone", summary: "Show zones and whether they are connected", pathOf: () => "/zones/_overview", view: zones }),
      overview(session, { name: "zoneingresses", purpose: "a zone ingress", aliases: ["zone-ingresses"], summary: "Show zone ingresses and whether they are connected", pathOf: () => "/zoneingresses/_overview", view: zoneIngresses }),
      overview(session, { name: "zoneegresses", purpose: "a zone egress", summary: "Show zone egresses and whether they are connected", pathOf: () => "/zoneegresses/_overview", view: zoneEgresses }),
      overview(session, { name: "meshes", summary: "Count proxies and policies of each mesh", pathOf: () => "/mesh-insights", view: meshes }),
      overview(session, { name: "services", summary: "Show services and how many of their proxies are online", flags: [meshFlag], pathOf: ({ flags }) => `/meshes/${encodeURIComponent(flags.text("mesh"))}/service-insights`, shownType: "ServiceOverview", view: services }),
      dataplaneCommand(session),
      zoneProxyCommand(session, "ZoneIngress", "zoneingresses"),
      zoneProxyCommand(session, "ZoneEgress", "zoneegresses"),
      gatewayCommand(session),
      trustCommand(session),
      ...kindNames.filter((kind) => kind.legacyInspection).map((kind) => policyCommand(session, kind)),
    ],
  };
}

interface OverviewCommand {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly flags?: readonly Flag[];
  readonly pathOf: (call: Call) => string;
  /** Named in the error when the control plane is not known well enough. */
  readonly purpose?: string;
  /** What scripts know the items as, where the API says another type. */
  readonly shownType?: string;
  readonly view: Overview;
}

function overview(session: Session, { pathOf, purpose, shownType, view, ...rest }: OverviewCommand): CommandSpec {
  return {
    ...rest,
    flags: [...(rest.flags ?? []), watchFlag],
    async run(call) {
      const client = await session.client(purpose);
      const format = formatOf(call.flags.text("output"));
      const typed = (items: readonly Json[]) => (shownType ? items.map((it) => ({ ...it, type: shownType })) : items);
      if (call.flags.isSet("watch")) {
        return watch(client, session.world, format, { path: pathOf(call), itemsOf: (answer) => typed(listAt(answer.json(), "items").map((it) => objectAt(it))), tableOf: view });
      }
      const page = await fetchPage(client, pathOf(call));
      session.world.out(await print(format, { ...page.shown, items: typed(page.items) }, () => renderTable(view(page.items, session.world.now()), session.world.screen)));
    },
  };
}

const dataplaneFlags: readonly Flag[] = [
  meshFlag,
  { name: "tag", type: "map", help: "only proxies with this tag, as key=value; may be repeated" },
  { name: "gateway", type: "bool", help: "only gateways" },
  { name: "ingress", type: "bool", help: "only ingresses" },
];

const dataplanesPath = ({ flags }: Call): string =>
  `${collectionPath(dataplaneKind, flags.text("mesh"))}/_overview${query([
    ...[...flags.map("tag")].map(([key, value]) => ["tag", `${key}:${value}`] as const),
    ...(["gateway", "ingress"] as const).filter((name) => flags.isSet(name)).map((name) => [name, "true"] as const),
  ])}`;

const configDumpFlag: Flag = { name: "config-dump", type: "bool", help: "older form of --type=config-dump", deprecated: "use --type=config-dump" };
const edsFlag: Flag = { name: "include-eds", type: "bool", help: "with the endpoints, for --type=config-dump" };

/** The wanted type, where the older flag for one of them counts too. */
const inspectionType = ({ flags }: Call): string => (flags.isSet("config-dump") ? "config-dump" : flags.text("type"));

const adminQuery = (type: string, { flags }: Call): string => (type === "config-dump" ? `xds${query([["include_eds", String(flags.isSet("include-eds"))]])}` : type);

function dataplaneCommand(session: Session): CommandSpec {
  return {
    name: "dataplane",
    argumentNames: "NAME",
    summary: "Show the policies, the configuration or the statistics of one proxy",
    argumentCount: 1,
    flags: [
      meshFlag, configDumpFlag, edsFlag,
      { name: "type", type: "string", help: "policies, config-dump, stats, clusters or config", fallback: "policies" },
      { name: "shadow", type: "bool", help: "for --type=config: as it would be with the policies labelled kuma.io/effect: shadow" },
      { name: "include", type: "strings", valueName: "include=diff", help: "for --type=config: diff adds what would change" },
    ],
    async run(call) {
      const { flags, args: [name = ""] } = call;
      const type = inspectionType(call);
      if (flags.isSet("include-eds") && type !== "config-dump") throw new Error("flag '--include-eds' can be used only when '--type=config-dump'");
      if (flags.isSet("shadow") && type !== "config") throw new Error("flag '--shadow' can be used only when '--type=config'");
      if (flags.has("include") && type !== "config") throw new Error("flag '--include' can be used only when '--type=config'");
      if (!["policies", "config-dump", "stats", "clusters", "config"].includes(type)) throw new Error("invalid inspection type");
      const client = await session.client("a dataplane inspect");
      const base = itemPath(dataplaneKind, flags.text("mesh"), name);
      if (type === "policies") return session.world.out(policiesOfProxy(objectAt((await client.request({ path: `${base}/policies` })).json())));
      const configQuery = query([["shadow", String(flags.isSet("shadow"))], ...flags.list("include").map((it) => ["include", it] as const)]);
      const path = type === "config" ? `_config${configQuery}` : adminQuery(type, call);
      session.world.out((await client.request({ path: `${base}/${path}`, expects: "text" })).text);
    },
  };
}

function zoneProxyCommand(session: Session, title: string, path: string): CommandSpec {
  const name = title.toLowerCase();
  return {
    name,
    argumentNames: "NAME",
    summary: `Show the configuration or the statistics of one ${name}`,
    argumentCount: 1,
    flags: [{ name: "type", type: "string", help: "config-dump, stats or clusters", fallback: "config-dump" }, configDumpFlag, edsFlag],
    async run(call) {
      const type = inspectionType(call);
      if (call.flags.isSet("include-eds") && type !== "config-dump") throw new Error("flag '--include-eds' can be used only when '--type=config-dump'");
      if (type === "policies") throw new Error(`Policies are not applied on ${title}, please use '--config-dump' flag to get envoy config dump of the ${title}`);
      if (!["config-dump", "stats", "clusters"].includes(type)) throw new Error("invalid inspection type");
      const client = await session.client(`a ${name} inspect`);
      session.world.out((await client.request({ path: `/${path}/${encodeURIComponent(call.args[0] ?? "")}/${adminQuery(type, call)}`, expects: "text" })).text);
    },
  };
}

function trustCommand(session: Session): CommandSpec {
  return {
    name: "trust",
    summary: "Show certificates, authorities, signing keys and live connections, with their ends",
    argumentCount: 0,
    async run({ flags }) {
      const client = await session.client();
      const document = objectAt((await client.request({ path: "/_trust" })).json());
      session.world.out(await print(formatOf(flags.text("output")), document, () => trustTables(document)));
    },
  };
}

function gatewayCommand(session: Session): CommandSpec {
  return {
    name: "meshgateway",
    argumentNames: "NAME",
    summary: "Show the proxies of one gateway of the mesh default",
    argumentCount: 1,
    async run({ args: [name = ""] }) {
      const client = await session.client("a dataplane inspect");
      const answer = await client.request({ path: `${itemPath({ scope: "Mesh", path: "meshgateways" }, "default", name)}/dataplanes` });
      session.world.out(listAt(answer.json(), "items").map((it) => `${textAt(it, "dataplane", "name")}\n`).join(""));
    },
  };
}

function policyCommand(session: Session, kind: KindNames): CommandSpec {
  return {
    name: kind.singular,
    argumentNames: "NAME",
    summary: `Show the proxies that one ${kind.name} applies to`,
    argumentCount: 1,
    flags: [
      meshFlag,
      { name: "offset", type: "int", help: "begin with this one, for --new-api" },
      { name: "new-api", type: "bool", help: "a plain list of the proxies" },
    ],
    async run({ flags, args: [name = ""] }) {
      const client = await session.client("a policy inspect");
      const base = itemPath(kind, flags.text("mesh"), name);
      if (!flags.isSet("new-api")) return session.world.out(proxiesOfPolicy(objectAt((await client.request({ path: `${base}/dataplanes` })).json())));
      const offset = flags.number("offset");
      const page = await fetchPage(client, `${base}/_resources/dataplanes${query(offset === 0 ? [] : [["offset", String(offset)]])}`);
      const rows = () => table(["Type", "Mesh", "Name"], page.items.map((it) => [textAt(it, "type"), textAt(it, "mesh"), textAt(it, "name")]));
      session.world.out(await print(formatOf(flags.text("output")), page.shown, () => `${rows()}\nTotal: ${textAt(page.shown, "total")}\n${page.footer}`));
    },
  };
}
