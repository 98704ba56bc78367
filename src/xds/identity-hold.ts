// A proxy keeps the certificate it has until the others accept the one it is assigned now, by authority and by name.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { assignIdentity, givesCertificate, isProblem, servicesOf, trustedDomains, type KeptCertificate, type MeshView, type WorkloadIdentity } from "#mesh";
import type { Platform } from "#platform";
import type { Resource } from "#resources";
import type { AuthoritySource } from "./secrets.ts";
import type { Turnover } from "./turnover.ts";

export interface IdentityHoldParts {
  readonly authorities: Pick<AuthoritySource, "authorityOf" | "identityAuthorityOf">;
  readonly turnover: Pick<Turnover, "isAccepted" | "isNamed">;
  readonly platform: Platform;
  /** The next view of the mesh is waited for: it may bring the name. */
  readonly hurry: (mesh: string) => void;
  /** It has been held for as long as anybody is waited for. */
  readonly onOver: () => void;
}

export interface IdentityHold {
  /** Whether the proxy stays with the certificate that it has. */
  holds(view: MeshView, dataplane: Resource<Dataplane>, has: KeptCertificate | undefined): boolean;
  end(): void;
}

/** A proxy that does not answer keeps the others from nothing for longer. */
const longestHoldMs = 30_000;

export function identityHold({ authorities, turnover, platform, hurry, onOver }: IdentityHoldParts): IdentityHold {
  let since: number | undefined;
  let isOver = false;
  let cancel = () => {};
  const end = (): false => {
    [since, isOver] = [undefined, false];
    cancel();
    return false;
  };
  /** Everybody takes the proxy for who it is about to say that it is. */
  const isAwaited = (view: MeshView, dataplane: Resource<Dataplane>, next: WorkloadIdentity | undefined): boolean => {
    const { mesh } = dataplane;
    // By its services a proxy is known all the time.
    if (next && !turnover.isNamed(mesh, servicesOf(dataplane), next.spiffeId)) {
      hurry(mesh);
      return false;
    }
    // What its agent trusts and signs, SPIRE keeps together.
    if (next?.issuer === "spire") return true;
    const issuer = next ? authorities.identityAuthorityOf(mesh, next.name) : authorities.authorityOf(mesh);
    return issuer !== undefined && turnover.isAccepted(mesh, issuer.authority, next?.trustDomain ?? view.mesh.name);
  };
  return {
    end: () => void end(),
    holds(view, dataplane, has) {
      if (!has || !isStillAccepted(view, has)) return end();
      const assigned = assignIdentity(view.list("MeshIdentity"), dataplane, view.zone);
      if (assigned && !givesCertificate(view, assigned) && assigned.issuer !== "nobody") {
        // It is being set up: nobody goes over to plain text, or to the Mesh's certificates, for that.
        end();
        return has.identity !== undefined;
      }
      if (isProblem(assigned)) return end();
      const next = assigned?.issuer === "nobody" ? undefined : assigned;
      if (!next && !hasAuthority(view)) return end();
      if (next?.kri === has.identity?.kri && next?.spiffeId === has.identity?.spiffeId) return end();
      if (isAwaited(view, dataplane, next)) return end();
      const now = platform.clock.now();
      if (since === undefined) cancel = platform.clock.after(longestHoldMs, onOver);
      since ??= now;
      if (now - since < longestHoldMs) return true;
      if (!isOver) platform.log.warn("not every proxy accepts the next certificate of a proxy yet; it goes over to it all the same", { proxy: dataplane.name, mesh: dataplane.mesh, identity: next?.name ?? "" });
      isOver = true;
      return false;
    },
  };
}

const hasAuthority = ({ mesh }: MeshView): boolean => Boolean(mesh.spec.mtls?.enabledBackend);

/** There is no reason to stay with what others do not trust any more. */
function isStillAccepted(view: MeshView, { identity }: KeptCertificate): boolean {
  if (!identity) return hasAuthority(view);
  return identity.issuer === "spire" || trustedDomains(view.list("MeshTrust")).has(identity.trustDomain);
}
