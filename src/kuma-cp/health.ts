// Health discovery of this control plane: who may report for a Dataplane, with which settings.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { hdsCalls, type HdsServer } from "#hds";
import type { Platform } from "#platform";
import { badRequest, unavailable, type Resource, type ResourceKey } from "#resources";
import { auditingProxy, authenticateProxy } from "#security";
import type { Store } from "#store";
import type { WriteDoor } from "#write";
import { parseNode } from "#xds";
import type { Config } from "./config/load.ts";
import type { Credentials } from "./credentials.ts";
import { identityOf } from "./proxy-door.ts";

interface Parts {
  readonly config: Config;
  readonly store: Store;
  readonly door: WriteDoor;
  readonly platform: Platform;
  readonly credentials: Pick<Credentials, "proxies" | "sessions" | "audit">;
  readonly zone: string;
}

/** Envoy opens its health stream together with the one that registers its Dataplane: so long the latter may take. */
const registrationMs = 5000;

/** Undefined when `dpServer.hds.enabled` is off. */
export function openHealth({ config, store, door, platform, credentials, zone }: Parts): HdsServer | undefined {
  if (!config.get("dpServer.hds.enabled")) return undefined;
  const duration = (key: "timeout" | "interval" | "noTrafficInterval") => config.get(`dpServer.hds.checkDefaults.${key}`);
  return hdsCalls({
    store, door, platform,
    settings: {
      intervalMs: config.get("dpServer.hds.interval"),
      defaults: {
        timeoutMs: duration("timeout"), intervalMs: duration("interval"), noTrafficIntervalMs: duration("noTrafficInterval"),
        healthyThreshold: config.get("dpServer.hds.checkDefaults.healthyThreshold"), unhealthyThreshold: config.get("dpServer.hds.checkDefaults.unhealthyThreshold"),
      },
    },
    adminPortOf(node) {
      const { adminPort, adminSocketPath } = parseNode(node).traits;
      return adminSocketPath ? 0 : adminPort;
    },
    async admit({ node, credential, address, onRevoked }) {
      const { proxyType, mesh, name, id } = parseNode(node);
      if (proxyType !== "dataplane") throw badRequest(`health of proxies of type ${proxyType} is not checked`);
      const dataplane = await registered({ type: "Dataplane", mesh, name }, store, platform);
      if (!dataplane) throw unavailable(`Dataplane "${id}" is not registered yet`);
      const { facts } = await authenticateProxy(credential, identityOf("dataplane", dataplane, { store, zone }), credentials.proxies).catch(auditingProxy(credentials.audit, "open a health stream", `dataplane/${id}`, address));
      return { dataplane, leave: credentials.sessions.add({ facts, close: onRevoked }) };
    },
  });
}

function registered(key: ResourceKey, store: Store, platform: Platform): Promise<Resource<Dataplane> | undefined> {
  const find = () => store.get(key) as Resource<Dataplane> | undefined;
  return new Promise((resolve) => {
    const present = find();
    if (present) return resolve(present);
    const end = () => {
      unfollow();
      cancel();
      resolve(find());
    };
    const unfollow = store.follow((changes) => {
      if (changes.some((it) => it.current && it.key.type === key.type && it.key.mesh === key.mesh && it.key.name === key.name)) end();
    });
    const cancel = platform.clock.after(registrationMs, end);
  });
}
