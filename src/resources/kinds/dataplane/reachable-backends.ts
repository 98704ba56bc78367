// The destinations a transparent proxy may reach: references by name or by labels.
import type { Dataplane_Networking as Networking } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { invalidNameText, isSubdomain } from "../../names.ts";
import { validatePort } from "../field-rules.ts";
import { destinationKinds, wrongDestinationKind } from "./destination-kinds.ts";

export function validateReachableBackends(networking: Networking): readonly Violation[] {
  return (networking.transparentProxying?.reachableBackends?.refs ?? []).flatMap((ref, index) => {
    // The misspelling is Kuma's; clients know the path.
    const at = `networking.transparentProxing.reachableBackends.refs[${index}]`;
    const hasLabels = Object.keys(ref.labels).length > 0;
    const lacksName = ref.namespace !== "" && ref.name === "";
    const isUnnamed = ref.name === "" && ref.namespace === "" && !hasLabels;
    return [
      ...(destinationKinds.includes(ref.kind) ? [] : [violation(`${at}.kind`, wrongDestinationKind)]),
      ...(isUnnamed ? [violation(`${at}.name`, "name or labels are required")] : []),
      ...(lacksName ? [violation(`${at}.name`, "name is required, when namespace is defined")] : []),
      ...((ref.name !== "" || ref.namespace !== "") && hasLabels ? [violation(`${at}.labels`, "labels cannot be defined when name is specified")] : []),
      ...(ref.name !== "" && !isSubdomain(ref.name) ? [violation(`${at}.name`, invalidNameText)] : []),
      ...(ref.port !== undefined && ref.port !== 0 ? validatePort(`${at}.port`, ref.port) : []),
    ];
  });
}
