// One connected proxy: its current plan turned into the snapshot it should have, and its certificate kept fresh.
import type { CalledCluster, Anchors, Pipeline, ProxyResources, ProxySecrets, Sealed, Sealer } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { feature, kriOfTrust, memoOn, type KeptCertificate, type MeshView, type Planner, type Proxy, type Scope, type WorkloadIdentity } from "#mesh";
import type { Platform } from "#platform";
import type { Resource } from "#resources";
import { keepAdminTls, type AdminTlsSource, type KeptAdminTls } from "./admin-tls.ts";
import { keepLeaf, type KeptLeaf } from "./certificate.ts";
import { identityHold, type IdentityHold } from "./identity-hold.ts";
import { urisOf, type AuthoritySource, type Identity, type Issuer } from "./secrets.ts";
import type { Snapshot } from "./snapshot.ts";
import type { CertificateFacts } from "./status.ts";
import type { TrustTeller } from "./trusts.ts";
import { certificatesIn, type Carried, type Member, type Trust, type Turnover } from "./turnover.ts";

export interface ProxyParts {
  readonly planner: Planner;
  readonly pipeline: Pipeline;
  readonly sealer: Sealer;
  readonly authorities: AuthoritySource;
  readonly turnover: Turnover;
  readonly trust: TrustTeller;
  /** The next view of the mesh is waited for. */
  readonly hurry: (mesh: string) => void;
  /** Waits for one's turn to have a certificate made. */
  readonly issuingTurn: () => Promise<void>;
  readonly platform: Platform;
  /** Certificates of proxies' admin listeners. */
  readonly adminTls: AdminTlsSource;
  /** What proxies should trust the control plane by; absent where that is the operator's to tell. */
  readonly anchors?: { current(): Anchors; onChange(listener: () => void): () => void };
}

export interface ProxyEvents {
  wanted(snapshot: Snapshot): void;
  certificate(facts: CertificateFacts): void;
  /** A leaf was made for it. */
  issued(identity: Identity): void;
}

const noSecrets: ReadonlyMap<string, Sealed> = new Map();
const noEndpoints: ReadonlyMap<string, Sealed> = new Map();

/** Parsed once for all proxies with the same trust. */
const trustIn = memoOn((_secret: Sealed): { trust: Trust | undefined } => ({ trust: undefined }));

/** What was announced to a proxy at one time; the view is replaced by later ones that change nothing for it. */
interface Announced {
  view: MeshView;
  readonly trust: AnnouncedTrust | undefined;
  readonly leaf: Identity | undefined;
  /** It has its certificate from an agent beside it. */
  readonly agentId: string | undefined;
}

/** PEM by the domain it is trusted for; the empty one stands for every domain. */
interface AnnouncedTrust {
  readonly secret: Sealed;
  readonly domains: ReadonlyMap<string, string>;
}

const dataplanesByName = memoOn((dataplanes: readonly Resource[]) => new Map(dataplanes.map((it) => [it.name, it as Resource<Dataplane>])));

/** Lives as long as the proxy's stream. `update` is called with each new view of its mesh. */
export class ConnectedProxy {
  private readonly parts: ProxyParts;
  private readonly events: ProxyEvents;
  private proxy: Proxy;
  private view: MeshView | undefined;
  private scope: Scope | undefined;
  private plannedFor: Resource<Dataplane> | undefined;
  private readonly leaf: KeptLeaf;
  private readonly hold: IdentityHold;
  private member: Member | undefined;
  private announced: Announced | undefined;
  private clustersAt: Announced | undefined;
  private secretsAt: Announced | undefined;
  private secretsAsked: ReadonlySet<string> = new Set();
  private trustedPem: ReadonlyMap<string, string> = new Map();
  /** What the proxy presents itself with; undefined while it has none. */
  private certificate: KeptCertificate | undefined;
  private isHolding = false;
  private problems = "";
  private adminTls: KeptAdminTls | undefined;
  private toldOf: string | undefined;
  private hasStarted = false;
  private hasEnded = false;
  private stopAnchors = () => {};
  private last: { clusters: readonly Sealed[]; listeners: readonly Sealed[]; called: ReadonlyMap<string, CalledCluster>; secrets: ProxySecrets | undefined; identity: WorkloadIdentity | undefined } | undefined;
  private lastEndpoints: ReadonlyMap<string, Sealed> = noEndpoints;
  private lastSecrets: ReadonlyMap<string, Sealed> = noSecrets;

  constructor(proxy: Proxy, parts: ProxyParts, events: ProxyEvents) {
    this.proxy = proxy;
    this.parts = parts;
    this.events = events;
    const { platform, sealer } = parts;
    this.leaf = keepLeaf({ platform, sealer, turn: parts.issuingTurn, proxy: proxy.dataplane, onIssued: (identity) => this.onIssued(identity), onDue: () => this.renew() });
    this.hold = identityHold({ ...parts, onOver: () => this.reconsider() });
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
    if (this.parts.anchors && this.proxy.traits.features.has(feature.watchedCredentials)) this.stopAnchors = this.parts.anchors.onChange(() => this.replan());
    this.member = this.parts.turnover.join(this.proxy.dataplane.mesh, this.proxy.dataplane.name, () => this.carried(), () => this.reconsider());
    // A newer view may have come meanwhile.
    this.update(this.view);
  }

  end(): void {
    this.hasEnded = true;
    this.leaf.end();
    this.hold.end();
    this.member?.leave();
    this.adminTls?.end();
    this.stopAnchors();
  }

  /** The plan is as before, what is made of it is not. */
  private replan(): void {
    this.scope = undefined;
    if (this.view) this.update(this.view);
  }

  get dataplane(): Resource<Dataplane> {
    return this.proxy.dataplane;
  }

  /** Keeps the proxy at the newest view; tells whether that is news to it. What cannot be planned is logged and changes nothing: the proxy keeps what it has. */
  update(view: MeshView): boolean {
    if (this.hasEnded) return false;
    this.view = view;
    if (!this.hasStarted) return false;
    try {
      return this.refresh(view);
    } catch (error) {
      this.parts.platform.log.error("could not make the configuration of a proxy; it keeps the one it has", { proxy: this.proxy.dataplane.name, mesh: this.proxy.dataplane.mesh, error });
      return false;
    }
  }

  private refresh(view: MeshView): boolean {
    const stored = dataplanesByName(view.list("Dataplane")).get(this.proxy.dataplane.name);
    if (stored && stored.version > this.proxy.dataplane.version) this.proxy = { ...this.proxy, dataplane: stored };
    const scope = this.parts.planner.scopeOf(view);
    const { certificate } = this;
    const holds = this.hold.holds(view, this.proxy.dataplane, certificate);
    const mustPlan = scope !== this.scope || holds !== this.isHolding || this.plannedFor !== this.proxy.dataplane || !this.last;
    if (mustPlan) {
      const plan = this.parts.planner.plan(view, this.proxy, holds && certificate ? { keeps: certificate } : undefined);
      this.isHolding = holds;
      const resources = this.parts.pipeline.resourcesFor(plan, this.adminTls?.current(), this.parts.anchors?.current());
      this.tellOfProblems(resources.problems ?? []);
      this.scope = scope;
      this.plannedFor = this.proxy.dataplane;
      this.last = {
        clusters: resources.clusters, listeners: resources.listeners, called: resources.endpoints, secrets: resources.secrets, identity: plan.identity,
      };
    }
    const endpointsChanged = this.refreshEndpoints(view);
    const secretsChanged = this.refreshSecrets();
    const isNews = mustPlan || endpointsChanged || secretsChanged;
    if (isNews) this.announce();
    else if (this.announced) {
      this.announced.view = view;
      this.member?.changed();
    }
    return isNews;
  }

  /** Once for as long as they are the same. */
  private tellOfProblems(problems: NonNullable<ProxyResources["problems"]>): void {
    const { name, mesh } = this.proxy.dataplane;
    const text = problems.map(({ what, error }) => `${what}: ${String(error)}`).join("\n");
    if (text !== this.problems) for (const { what, error } of problems) this.parts.platform.log.warn("a policy could not do what it asks for", { proxy: name, mesh, what, error });
    this.problems = text;
  }

  /** What the others may count on. */
  private carried(): Carried {
    const { secretsAt, clustersAt } = this;
    const asks = (secret: Sealed | undefined) => secret !== undefined && this.secretsAsked.has(secret.name);
    const trust = secretsAt?.trust && asks(secretsAt.trust.secret) ? trustFrom(secretsAt.trust) : undefined;
    const leaf = secretsAt?.leaf && asks(secretsAt.leaf.secret) ? secretsAt.leaf : undefined;
    return { view: clustersAt?.view, trust, authority: leaf?.isOfIdentity === false ? leaf.authority : undefined, spiffeId: leaf?.isOfIdentity ? leaf.uris[0] : clustersAt?.agentId };
  }

  /** The proxy uses what was announced last of these. */
  settled(what: "clusters" | "secrets", asked: ReadonlySet<string>): void {
    const before = what === "clusters" ? this.clustersAt : this.secretsAt;
    if (what === "clusters") this.clustersAt = this.announced;
    else [this.secretsAt, this.secretsAsked] = [this.announced, asked];
    if (before !== this.announced) this.member?.changed();
  }

  /** Others have moved on, or time has jumped. */
  reconsider(): void {
    // Who still waits is not planned anew each time that one of a thousand others has moved.
    const isFree = this.isHolding && this.view && !this.hold.holds(this.view, this.proxy.dataplane, this.certificate);
    if (isFree) this.replan();
    else this.renew();
  }

  private refreshEndpoints(view: MeshView): boolean {
    const endpoints = this.last ? this.parts.pipeline.endpointsFor(view, this.last.called) : noEndpoints;
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
      this.leaf.want(undefined);
      this.certificate = this.last?.identity?.issuer === "spire" ? { identity: this.last.identity } : undefined;
      this.tellOfAgent();
      return hadSecrets;
    }
    const { authorities, turnover, trust: trustFor } = this.parts;
    const { mesh } = this.proxy.dataplane;
    const own = authorities.authorityOf(mesh);
    const issuer = this.issuer(own);
    const identity = this.last?.identity;
    if (issuer) {
      const uris = identity ? [identity.spiffeId] : urisOf(this.proxy.dataplane);
      const shown = this.leaf.current()?.authority;
      const mayWait = shown !== undefined && shown !== issuer.authority && !turnover.isAccepted(mesh, issuer.authority, identity?.trustDomain ?? mesh);
      this.leaf.want({ name: names.identity, uris, issuer, mayWait });
    }
    const told = trustFor(this.view, names, [...(own ? [own.authority] : []), ...authorities.othersOf(mesh), ...turnover.carried(mesh)]);
    this.trustedPem = told.domains;
    // The leaf of the previous authority serves until the new one is made, so that nothing breaks meanwhile.
    const current = this.leaf.current();
    const leaf = current?.secret.name === names.identity ? current : undefined;
    if (leaf && (leaf.uris[0] === identity?.spiffeId || !leaf.isOfIdentity)) this.certificate = { identity };
    const { lastSecrets: last } = this;
    const isAsBefore = last.get(names.trust) === told.secret && last.get(names.identity) === leaf?.secret && last.size === (told.secret ? 1 : 0) + (leaf ? 1 : 0);
    if (isAsBefore) return false;
    const secrets = new Map<string, Sealed>();
    if (told.secret) secrets.set(names.trust, told.secret);
    if (leaf) secrets.set(names.identity, leaf.secret);
    this.lastSecrets = secrets;
    return true;
  }

  private issuer(own: Issuer | undefined): Issuer | undefined {
    const identity = this.last?.identity;
    return identity ? this.parts.authorities.identityAuthorityOf(this.proxy.dataplane.mesh, identity.name) : own;
  }

  /** An authority of the mesh has come or is another. */
  authoritiesChanged(): void {
    this.reconsider();
  }

  /** An agent beside the proxy gives its certificate: only that it has one is known here. */
  private tellOfAgent(): void {
    const backend = this.last?.identity?.kri;
    if (backend !== undefined && backend !== this.toldOf) this.events.certificate({ backend, supportedBackends: [] });
    this.toldOf = backend;
  }

  private onIssued(identity: Identity): void {
    this.events.issued(identity);
    this.events.certificate({ validity: { issuedAt: identity.issuedAt, expiresAt: identity.expiresAt }, backend: identity.backend, supportedBackends: this.supportedBackends() });
    if (this.refreshSecrets()) this.announce();
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
    if (!this.view || (secrets && !this.lastSecrets.has(secrets.identity) && (this.leaf.isIssuing() || identity))) return;
    const [trust, leaf] = [secrets && this.lastSecrets.get(secrets.trust), secrets && this.leaf.current()];
    this.announced = { view: this.view, trust: trust && { secret: trust, domains: this.trustedPem }, leaf, agentId: identity?.issuer === "spire" ? identity.spiffeId : undefined };
    this.events.wanted({ clusters: this.last.clusters, listeners: this.last.listeners, endpoints: this.lastEndpoints, secrets: this.lastSecrets });
  }
}

function trustFrom({ secret, domains }: AnnouncedTrust): Trust {
  const known = trustIn(secret);
  known.trust ??= { domains: new Map([...domains].map(([domain, pem]) => [domain, certificatesIn(pem)])) };
  return known.trust;
}
