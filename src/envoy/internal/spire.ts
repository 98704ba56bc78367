// SPIRE's agent beside the proxy: Envoy fetches certificates and trust there, over a Unix socket (spec/security.md 7.7).
import type { Plan } from "#mesh";
import { sealCluster, speakHttp2, staticCluster } from "../draft/cluster.ts";
import { protoDuration } from "../duration.ts";
import { system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { PipelineParts } from "../pipeline.ts";

export function spireResources({ identity, proxy, view }: Plan, { sealer }: PipelineParts): ResourceGroup {
  if (identity?.issuer !== "spire") return { clusters: [], listeners: [] };
  const pipe = proxy.traits.spireSocketPath || view.settings.spireSocketPath;
  const cluster = sealer.keyed(`spire ${identity.agentTimeoutMs} ${pipe}`, () => {
    const draft = staticCluster(system.spireAgent, "grpc", [{ pipe }]);
    speakHttp2(draft);
    draft.message.connectTimeout = protoDuration(identity.agentTimeoutMs);
    return sealCluster(draft, sealer);
  });
  return { clusters: [cluster], listeners: [] };
}
