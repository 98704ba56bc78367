// One connected proxy: its current plan turned into the snapshot it should have, and its certificate kept fresh.
import type { Pipeline, ProxySecrets, Sealed, Sealer } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { kriOfTrust, memoOn, type Destination, type MeshView, type Planner, type Proxy, type Scope, type WorkloadIdentity } from "#mesh";
import type { Platform } from "#platform";
import type { Resource } from "#resources";
import { keepAdminTls, type AdminTlsSource, type KeptAdminTls } from "./admin-tls.ts";
import { domainTrust, issueIdentity, trustBundle, trustOf, urisOf, type AuthoritySource, type Identity, type Issuer } from "./secrets.ts";
import type { Snapshot } from "./snapshot.ts";
import type { CertificateFacts } from "./status.ts";

export interface ProxyParts {
  readonly planner: Planner;
  readonly pipeline: Pipeline;
  readonly sealer: Sealer;
  readonly authorities: AuthoritySource;
  readonly platform: Platform;
  /** Certificates of proxies' admin listeners. */
  readonly adminTls: AdminTlsSource;
}

export interface ProxyEvents {
  wanted(snapshot: Snapshot): void;
  certificate(facts: CertificateFacts): void;
}

const noSecrets: ReadonlyMap<string, Sealed> = new Map();
const noEndpoints: ReadonlyMap<string, Sealed> = new Map();

const sameTexts = (a: readonly string[], b: readonly string[]): boolean => a === b || (a.length === b.length && a.every((it, at) => it === b[at]));

const dataplanesByName = memoOn((dataplanes: readonly Resource[]) => new Map(dataplanes.map((it) => [it.name, it as Resource<Dataplane>])));

/** Lives as long as the proxy's stream. `update` is called with each new view of its mesh. */
export class ConnectedProxy {
  private readonly parts: ProxyParts;
  private readonly events: ProxyEvents;
  private proxy: Proxy;
  private view: MeshView | undefined;
  private scope: Scope | undefined;
  private plannedFor: Resource<Dataplane> | undefined;
  private identity: Identity | undefined;
  private adminTls: KeptAdminTls | undefined;
  private toldOf: string | undefined;
  private isIssuing = false;
  private hasStarted = false;
  private hasEnded = false;
  private cancelRenewal = () => {};
  private last: { clusters: readonly Sealed[]; listeners: readonly Sealed[]; destinations: ReadonlyMap<string, Destination>; secrets: ProxySecrets | undefined; identity: WorkloadIdentity | undefined } | undefined;
  private lastEndpoints: ReadonlyMap<string, Sealed> = noEndpoints;
  private lastSecrets: ReadonlyMap<string, Sealed> = noSecrets;

  constructor(proxy: Proxy, parts: ProxyParts, events: ProxyEvents) {
    this.proxy = proxy;
    this.parts = parts;
    this.events = events;
  }

  async start(view: MeshView): Promise<void> {
    this.view ??= view;
    // Without an admin port there is no listener that would show it.
    if (this.proxy.traits.adminPort !== 0) {
      const kept = await keepAdminTls(this.parts.adminTls, () => this.proxy.dataplane, this.parts.platform, () => this.replan());
      if (this.hasEnded) return kept.end();
      this.adminTls = kept;
    }
    this.hasStarted = true;
    // A newer view may have come meanwhile.
    this.update(this.view);
  }

  end(): void {
    this.hasEnded = true;
    this.cancelRenewal();
    this.adminTls?.end();
  }

  /** The plan is as before, what is made of it is not. */
  private replan(): void {
    this.scope = undefined;
    if (this.view) this.update(this.view);
  }

  get dataplane(): Resource<Dataplane> {
    return this.proxy.dataplane;
  }

  /** Keeps the proxy at the newest view. What cannot be planned is logged and changes nothing: the proxy keeps what it has. */
  update(view: MeshView): void {
    if (this.hasEnded) return;
    this.view = view;
    if (!this.hasStarted) return;
    try {
      this.refresh(view);
    } catch (error) {
      this.parts.platform.log.error("could not make the configuration of a proxy; it keeps the one it has", { proxy: this.proxy.dataplane.name, mesh: this.proxy.dataplane.mesh, error });
    }
  }

  private refresh(view: MeshView): void {
    const stored = dataplanesByName(view.list("Dataplane")).get(this.proxy.dataplane.name);
    if (stored && stored.version > this.proxy.dataplane.version) this.proxy = { ...this.proxy, dataplane: stored };
    const scope = this.parts.planner.scopeOf(view);
    const mustPlan = scope !== this.scope || this.plannedFor !== this.proxy.dataplane || !this.last;
    if (mustPlan) {
      const plan = this.parts.planner.plan(view, this.proxy);
      const resources = this.parts.pipeline.resourcesFor(plan, this.adminTls?.current());
      this.scope = scope;
      this.plannedFor = this.proxy.dataplane;
      this.last = {
        clusters: resources.clusters, listeners: resources.listeners, destinations: resources.endpoints, secrets: resources.secrets, identity: plan.identity,
      };
    }
    const endpointsChanged = this.refreshEndpoints(view);
    const secretsChanged = this.refreshSecrets();
    if (mustPlan || endpointsChanged || secretsChanged) this.announce();
  }

  private refreshEndpoints(view: MeshView): boolean {
    const endpoints = this.last ? this.parts.pipeline.endpointsFor(view, this.last.destinations) : noEndpoints;
    const hasChanged = endpoints !== this.lastEndpoints;
    this.lastEndpoints = endpoints;
    return hasChanged;
  }

  /** Puts what is at hand into the snapshot; a missing or outdated leaf is ordered and follows. */
  private refreshSecrets(): boolean {
    const names = this.last?.secrets;
    if (!names || !this.view) {
      const hadSecrets = this.lastSecrets.size > 0;
      this.lastSecrets = noSecrets;
      this.dropIdentity();
      this.tellOfAgent();
      return hadSecrets;
    }
    const own = this.parts.authorities.authorityOf(this.proxy.dataplane.mesh);
    const issuer = this.issuer(own);
    const uris = this.last?.identity ? [this.last.identity.spiffeId] : urisOf(this.proxy.dataplane);
    const identity = this.identity;
    const isCurrent = identity && identity.authority === issuer?.authority && sameTexts(identity.uris, uris) && identity.secret.name === names.identity;
    const isDue = identity && this.parts.platform.clock.now() >= identity.renewAt;
    if (issuer && (!isCurrent || isDue)) this.order(names.identity, uris, issuer);
    const secrets = new Map<string, Sealed>();
    const trust = names.isByDomain ? domainTrust(names.trust, trustOf(this.view, own?.authority), this.parts.sealer) : own && trustBundle(names.trust, own.authority, this.parts.sealer);
    if (trust) secrets.set(names.trust, trust);
    // The leaf of the previous authority serves until the new one is made, so that nothing breaks meanwhile.
    if (identity && identity.secret.name === names.identity) secrets.set(names.identity, identity.secret);
    const hasChanged = secrets.size !== this.lastSecrets.size || [...secrets].some(([name, secret]) => this.lastSecrets.get(name) !== secret);
    if (hasChanged) this.lastSecrets = secrets;
    return hasChanged;
  }

  private issuer(own: Issuer | undefined): Issuer | undefined {
    const identity = this.last?.identity;
    return identity ? this.parts.authorities.identityAuthorityOf(this.proxy.dataplane.mesh, identity.name) : own;
  }

  /** An authority of the mesh has come or is another. */
  authoritiesChanged(): void {
    this.renew();
  }

  /** An agent beside the proxy gives its certificate: only that it has one is known here. */
  private tellOfAgent(): void {
    const backend = this.last?.identity?.kri;
    if (backend !== undefined && backend !== this.toldOf) this.events.certificate({ backend, supportedBackends: [] });
    this.toldOf = backend;
  }

  private dropIdentity(): void {
    this.cancelRenewal();
    this.identity = undefined;
  }

  private order(name: string, uris: readonly string[], current: Issuer): void {
    if (this.isIssuing || this.hasEnded) return;
    this.isIssuing = true;
    issueIdentity({ name, uris, ...current }, this.parts.platform, this.parts.sealer).then(
      (identity) => {
        this.isIssuing = false;
        if (this.hasEnded) return;
        this.identity = identity;
        this.events.certificate({ validity: { issuedAt: identity.issuedAt, expiresAt: identity.expiresAt }, backend: identity.backend, supportedBackends: this.supportedBackends() });
        this.cancelRenewal();
        this.cancelRenewal = this.parts.platform.clock.after(identity.renewAt - this.parts.platform.clock.now(), () => this.renew());
        if (this.refreshSecrets()) this.announce();
      },
      (error: unknown) => {
        this.isIssuing = false;
        this.parts.platform.log.error("could not issue a certificate; trying again in 5 s", { proxy: this.proxy.dataplane.name, mesh: this.proxy.dataplane.mesh, error });
        this.cancelRenewal();
        this.cancelRenewal = this.parts.platform.clock.after(5000, () => this.renew());
      },
    );
  }

  private renew(): void {
    if (!this.hasEnded && this.view && this.refreshSecrets()) this.announce();
  }

  /** Whom the proxy accepts: the Mesh's backends, or with an identity what MeshTrusts say. */
  private supportedBackends(): readonly string[] {
    if (this.last?.identity) return this.view?.list("MeshTrust").map(kriOfTrust) ?? [];
    return this.view?.mesh.spec.mtls?.backends.map((it) => it.name) ?? [];
  }

  private announce(): void {
    if (!this.last) return;
    // A listener without its certificate would refuse everybody: the snapshot waits for it, the proxy keeps what it has.
    const { secrets, identity } = this.last;
    if (secrets && !this.lastSecrets.has(secrets.identity) && (this.isIssuing || identity)) return;
    this.events.wanted({ clusters: this.last.clusters, listeners: this.last.listeners, endpoints: this.lastEndpoints, secrets: this.lastSecrets });
  }
}

