// A proxy that has a certificate of the Mesh keeps it until the others accept the one of its MeshIdentity, by authority and by name.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { assignIdentity, isProblem, servicesOf, type MeshView } from "#mesh";
import type { Platform } from "#platform";
import type { Resource } from "#resources";
import type { AuthoritySource } from "./secrets.ts";
import type { Turnover } from "./turnover.ts";

export interface IdentityHoldParts {
  readonly authorities: Pick<AuthoritySource, "identityAuthorityOf">;
  readonly turnover: Pick<Turnover, "isAccepted" | "isNamed">;
  readonly platform: Platform;
  /** It has been held for as long as anybody is waited for. */
  readonly onOver: () => void;
}

export interface IdentityHold {
  /** `showsOwn`: the proxy has a certificate of the Mesh's own authority. */
  holds(view: MeshView, dataplane: Resource<Dataplane>, showsOwn: boolean): boolean;
  end(): void;
}

/** A proxy that does not answer keeps the others from nothing for longer. */
const longestHoldMs = 30_000;

export function identityHold({ authorities, turnover, platform, onOver }: IdentityHoldParts): IdentityHold {
  let since: number | undefined;
  let cancel = () => {};
  const end = (): false => {
    since = undefined;
    cancel();
    return false;
  };
  return {
    end: () => void end(),
    holds(view, dataplane, showsOwn) {
      if (!showsOwn || !view.mesh.spec.mtls?.enabledBackend) return end();
      const assigned = assignIdentity(view.list("MeshIdentity"), dataplane, view.zone);
      if (!assigned || isProblem(assigned) || assigned.issuer !== "controlPlane" || !assigned.isEstablished) return end();
      const { mesh } = dataplane;
      const issuer = authorities.identityAuthorityOf(mesh, assigned.name);
      if (issuer && turnover.isAccepted(mesh, issuer.authority) && turnover.isNamed(mesh, servicesOf(dataplane), assigned.spiffeId)) return end();
      const now = platform.clock.now();
      if (since === undefined) cancel = platform.clock.after(longestHoldMs, onOver);
      since ??= now;
      if (now - since < longestHoldMs) return true;
      platform.log.warn("not every proxy accepts the authority of a MeshIdentity yet; a proxy goes over to it all the same", { proxy: dataplane.name, mesh, identity: assigned.name });
      return false;
    },
  };
}
