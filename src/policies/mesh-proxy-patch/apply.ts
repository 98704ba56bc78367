// MeshProxyPatch on Envoy: the user's own changes, one after the other, after everything else.
import { create, fromJson, mergeFromBinary, toBinary, toJson, type DescMessage, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import { anyPack, anyUnpack, type Any } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { FilterSchema, type Filter } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { ListenerSchema, type Listener } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { VirtualHostSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { HttpConnectionManagerSchema, HttpFilterSchema, type HttpConnectionManager, type HttpFilter } from "#gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { envoyRegistry, nativeType, readNative, type EnvoyPolicy, type OpenResources, type Patchable } from "#envoy";
import { withSeconds } from "#resources";
import { patchJson, type JsonPatch } from "./json-patch.ts";
import type { MeshProxyPatchSpec, ProxyModification } from "./kind.ts";

type Change<K extends keyof ProxyModification> = NonNullable<ProxyModification[K]>;
interface Content {
  readonly value?: string | undefined;
  readonly jsonPatches?: readonly JsonPatch[] | undefined;
}

/** What later modifications of the same policies know added resources by. */
const addedOrigin = "proxy-template-modifications";
const registry = envoyRegistry;

export const meshProxyPatchApply: EnvoyPolicy = {
  kind: "MeshProxyPatch",
  patch({ value }, resources) {
    for (const modification of (value as MeshProxyPatchSpec["default"]).appendModifications ?? []) {
      if (modification.cluster) onClusters(modification.cluster, resources);
      if (modification.listener) onListeners(modification.listener, resources);
      if (modification.networkFilter) onNetworkFilters(modification.networkFilter, resources);
      if (modification.httpFilter) onHttpFilters(modification.httpFilter, resources);
      if (modification.virtualHost) onVirtualHosts(modification.virtualHost, resources);
    }
  },
};

/** As it was checked when it was written: what nobody knows is left out. */
function parse<M extends DescMessage>(schema: M, text: string | undefined): MessageShape<M> {
  const read = readNative(text ?? "");
  if ("problem" in read) throw new Error(read.problem);
  return fromJson(schema, withSeconds(schema, (read.value ?? {}) as JsonValue, nativeType), { registry, ignoreUnknownFields: true });
}

/** What cannot be changed as it was written stays as it was, and is told: a slip must not leave a proxy without its configuration. */
function attempt<T>(what: string, { problems }: OpenResources, make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    problems.push({ what: `MeshProxyPatch: ${what} stays as it was`, error });
    return undefined;
  }
}

function changed<M extends DescMessage>(schema: M, message: MessageShape<M>, { value, jsonPatches }: Content): MessageShape<M> {
  if (jsonPatches?.length) return fromJson(schema, patchJson(toJson(schema, message, { registry }), jsonPatches) as JsonValue, { registry });
  return mergeFromBinary(schema, message, toBinary(schema, parse(schema, value)));
}

function onClusters(change: Change<"cluster">, resources: OpenResources): void {
  const { clusters, addCluster } = resources;
  const { operation, match, value } = change;
  if (operation === "Add") {
    const message = attempt("the added cluster", resources, () => parse(ClusterSchema, value));
    if (message) addCluster(message.name, addedOrigin).write(message);
    return;
  }
  for (const it of clusters.values()) {
    if (!isMeant(it, match)) continue;
    if (operation === "Remove") clusters.delete(it.name);
    else rewrite(ClusterSchema, it, resources, (message) => changed(ClusterSchema, message, change));
  }
}

function onListeners(change: Change<"listener">, resources: OpenResources): void {
  const { listeners, addListener } = resources;
  const { operation, match, value } = change;
  if (operation === "Add") {
    const message = attempt("the added listener", resources, () => parse(ListenerSchema, value));
    if (message) addListener(message.name, addedOrigin).write(message);
    return;
  }
  for (const it of listeners.values()) {
    if (!isMeant(it, match) || !hasTags(it, match?.tags)) continue;
    if (operation === "Remove") listeners.delete(it.name);
    else rewrite(ListenerSchema, it, resources, (message) => changed(ListenerSchema, message, change));
  }
}

interface Match {
  readonly name?: string | undefined;
  readonly origin?: string | undefined;
}

const isMeant = (it: { readonly name: string; readonly origin: string }, { name, origin }: Match = {}): boolean => (!name || name === it.name) && (!origin || origin === it.origin);

function hasTags(it: Patchable<typeof ListenerSchema>, wanted: Readonly<Record<string, string>> = {}): boolean {
  const entries = Object.entries(wanted);
  if (entries.length === 0) return true;
  const tags = it.read().metadata?.filterMetadata["io.kuma.tags"] ?? {};
  return entries.every(([key, value]) => tags[key] === value);
}

/** The old message stays whole until the new one is made. */
function rewrite<M extends DescMessage>(schema: M, it: Patchable<M>, resources: OpenResources, change: (copy: MessageShape<M>) => MessageShape<M>): void {
  const next = attempt(`"${it.name}"`, resources, () => change(mergeFromBinary(schema, create(schema), toBinary(schema, it.read()))));
  if (next) it.write(next);
}

type FilterMatch = Change<"httpFilter">["match"];

const listenersOf = ({ listeners }: OpenResources, match: FilterMatch) =>
  [...listeners.values()].filter((it) => isMeant(it, { name: match?.listenerName, origin: match?.origin }) && hasTags(it, match?.listenerTags));

function onNetworkFilters(change: Change<"networkFilter">, resources: OpenResources): void {
  for (const it of listenersOf(resources, change.match)) {
    rewrite(ListenerSchema, it, resources, (listener) => {
      for (const chain of listener.filterChains) chain.filters = changeFilters(FilterSchema, chain.filters, change);
      return listener;
    });
  }
}

function onHttpFilters(change: Change<"httpFilter">, resources: OpenResources): void {
  for (const it of listenersOf(resources, change.match)) {
    rewrite(ListenerSchema, it, resources, (listener) => inManagers(listener, (manager) => void (manager.httpFilters = changeFilters(HttpFilterSchema, manager.httpFilters, change))));
  }
}

function onVirtualHosts(change: Change<"virtualHost">, resources: OpenResources): void {
  const { operation, match, value } = change;
  for (const it of resources.listeners.values()) {
    if (!isMeant(it, { origin: match.origin })) continue;
    rewrite(ListenerSchema, it, resources, (listener) =>
      inManagers(listener, ({ routeSpecifier }) => {
        if (routeSpecifier.case !== "routeConfig" || (match.routeConfigurationName && match.routeConfigurationName !== routeSpecifier.value.name)) return;
        const config = routeSpecifier.value;
        const means = (name: string): boolean => !match.name || match.name === name;
        if (operation === "Add") config.virtualHosts.push(parse(VirtualHostSchema, value));
        if (operation === "Remove") config.virtualHosts = config.virtualHosts.filter((host) => !means(host.name));
        if (operation === "Patch") config.virtualHosts = config.virtualHosts.map((host) => (means(host.name) ? changed(VirtualHostSchema, host, change) : host));
      }),
    );
  }
}

function inManagers(listener: Listener, visit: (manager: HttpConnectionManager) => void): Listener {
  for (const { filters } of listener.filterChains) {
    for (const { configType } of filters) {
      const manager = configType.case === "typedConfig" ? anyUnpack(configType.value, HttpConnectionManagerSchema) : undefined;
      if (!manager || configType.case !== "typedConfig") continue;
      visit(manager);
      configType.value = anyPack(HttpConnectionManagerSchema, manager);
    }
  }
  return listener;
}

function changeFilters<M extends typeof FilterSchema | typeof HttpFilterSchema>(schema: M, filters: readonly MessageShape<M>[], change: Change<"httpFilter">): MessageShape<M>[] {
  const { operation, match, value } = change;
  const means = (it: Filter | HttpFilter): boolean => !match?.name || match.name === it.name;
  if (operation === "Remove") return filters.filter((it) => !means(it));
  if (operation === "Patch") return filters.map((it) => (means(it) ? changedFilter(schema, it, change) : it));
  const filter = parse(schema, value);
  if (operation === "AddFirst") return [filter, ...filters];
  if (operation === "AddLast") return [...filters, filter];
  const at = filters.findIndex(means);
  return at < 0 ? [...filters] : filters.toSpliced(operation === "AddBefore" ? at : at + 1, 0, filter);
}

/** Patches of a filter mean its configuration: merged into it, or applied to it as JSON. */
function changedFilter<M extends typeof FilterSchema | typeof HttpFilterSchema>(schema: M, filter: MessageShape<M>, change: Content): MessageShape<M> {
  const { configType } = filter;
  if (configType.case !== "typedConfig") return filter;
  const patch = change.jsonPatches?.length ? undefined : parse(schema, change.value).configType;
  configType.value = changedAny(configType.value, change, patch?.case === "typedConfig" ? patch.value : undefined);
  return filter;
}

function changedAny(config: Any, { jsonPatches = [] }: Content, added: Any | undefined): Any {
  const schema = registry.getMessage(config.typeUrl.split("/").at(-1) ?? "");
  if (!schema) return config;
  const message = anyUnpack(config, registry);
  if (!message) return config;
  if (added) return added.typeUrl === config.typeUrl ? anyPack(schema, mergeFromBinary(schema, message, added.value)) : config;
  return anyPack(schema, fromJson(schema, patchJson(toJson(schema, message, { registry }), jsonPatches) as JsonValue, { registry }));
}
