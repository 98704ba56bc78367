// Which kinds may be written on this control plane, and what is said when one may not (spec/api.md 1.1, 2.3).
import { isProvidedByGlobal, isProvidedByZone, type Kind, type Place } from "#resources";

export function isReadOnlyKind(kind: Kind, place: Place, isApiReadOnly: boolean): boolean {
  if (isApiReadOnly || kind.readOnly === true) return true;
  if (place.mode === "global") return !isProvidedByGlobal(kind);
  return place.federated && !isProvidedByZone(kind);
}

export function readOnlyText(kind: Kind, place: Place, isApiReadOnly: boolean): string {
  const still = "You can still use 'kumactl' or the HTTP API to modify";
  if (isApiReadOnly && place.environment === "kubernetes") {
    return `On Kubernetes you cannot change the state of Kuma resources with 'kumactl apply' or via the HTTP API. As a best practice, you should always be using 'kubectl apply' instead. ${still} them on Universal.\n`;
  }
  if (place.mode === "global") {
    return `On global control plane you can not modify ${kind.name.toLowerCase()} resources with 'kumactl apply' or via the HTTP API. ${still} them on the zone control plane.\n`;
  }
  return `On zone control plane you can only modify zone resources with 'kumactl apply' or via the HTTP API. ${still} the rest of the resource on the global control plane.\n`;
}
