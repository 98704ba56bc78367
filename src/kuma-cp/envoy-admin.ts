// Envoy's admin interface as the control plane calls it: always by TLS, both sides known by envoy-admin-ca, loopback included (spec/security.md 10.5).
import type { EnvoyAdmin, EnvoyAdminPage, EnvoyAdminRequest } from "#api";
import type { Platform } from "#platform";
import { isObject, unavailable, type Resource } from "#resources";
import { adminClientName, httpClient, openSystemAuthority, type Access, type IssuedCertificate } from "#security";
import type { Store } from "#store";
import { redact } from "./redact.ts";
import { secretText } from "./secrets.ts";

interface Parts {
  readonly store: Store;
  readonly access: Access;
  readonly platform: Platform;
}

const connectTimeoutMs = 3000;
const timeoutMs = 5000;
const leafLifetimeMs = 86_400_000;
const rules = { xds: "viewConfigDump", stats: "viewStats", clusters: "viewClusters" } as const;
const insightTypes: Readonly<Record<string, string>> = { Dataplane: "DataplaneInsight", ZoneIngress: "ZoneIngressInsight", ZoneEgress: "ZoneEgressInsight" };

export function openEnvoyAdmin({ store, access, platform }: Parts): EnvoyAdmin {
  const clientOf = adminClients(store, platform);
  return {
    mayView: (page, user) => access.require(rules[page], user),
    async ask(request) {
      const { proxy, page } = request;
      const { host, port } = addressOf(proxy, store);
      const identity = await clientOf();
      const client = httpClient({
        url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`, timeoutMs, connectTimeoutMs, caPem: identity.caPem, clientCert: identity.leaf,
        maxResponseBytes: 512 * 1024 * 1024,
      });
      try {
        const { status, body } = await client.request({ path: pathOf(page, request) });
        if (status !== 200) throw unavailable(`the admin interface of ${proxy.name} answered ${status}`);
        const text = body.toString("utf8");
        if (page === "xds") return { mediaType: "application/json", text: JSON.stringify(redact(JSON.parse(text)), null, 1) };
        return { mediaType: request.isJson ? "application/json" : "text/plain", text };
      } finally {
        client.close();
      }
    },
  };
}

function pathOf(page: EnvoyAdminPage, { includeEds, usedOnly, isJson }: EnvoyAdminRequest): string {
  if (page === "xds") return includeEds ? "/config_dump?include_eds" : "/config_dump";
  const query = [...(page === "stats" && usedOnly ? ["usedonly"] : []), ...(isJson ? ["format=json"] : [])];
  return `/${page}${query.length > 0 ? `?${query.join("&")}` : ""}`;
}

/** Where the proxy's admin listener is, as the proxy itself said when it connected. */
function addressOf(proxy: Resource, store: Store): { readonly host: string; readonly port: number } {
  const insight = store.get({ type: insightTypes[proxy.type] ?? "", mesh: proxy.mesh, name: proxy.name });
  const metadata = at(insight?.spec, "metadata");
  if (!insight) throw unavailable(`the proxy ${proxy.name} has never connected to this control plane`);
  const networking = at(proxy.spec, "networking");
  const port = Number(at(metadata, "dataplane.admin.port") ?? at(at(networking, "admin"), "port") ?? 0);
  if (!port) throw unavailable(`the proxy ${proxy.name} has no admin port`);
  const advertised = proxy.type === "Dataplane" ? at(networking, "advertisedAddress") : undefined;
  const host = [advertised, at(networking, "address")].find((it): it is string => typeof it === "string" && it !== "");
  if (host === undefined) throw unavailable(`the proxy ${proxy.name} has no address`);
  return { host, port };
}

const at = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined);

/** The control plane's certificate as a client; kept until it is near its end or the authority changes. */
function adminClients(store: Store, platform: Platform): () => Promise<{ readonly caPem: string; readonly leaf: IssuedCertificate }> {
  let known: { readonly text: string; readonly caPem: string; readonly leaf: IssuedCertificate } | undefined;
  return async () => {
    const secret = store.get({ type: "GlobalSecret", mesh: "", name: "envoy-admin-ca" });
    if (!secret) throw unavailable("the authority envoy-admin-ca does not exist yet");
    const text = secretText(secret);
    const now = platform.clock.now();
    if (known?.text === text && now < known.leaf.notAfter - leafLifetimeMs / 4) return known;
    const authority = openSystemAuthority(text);
    known = { text, caPem: authority.caPem, leaf: await authority.issueClient([adminClientName], { now, lifetimeMs: leafLifetimeMs }) };
    return known;
  };
}
