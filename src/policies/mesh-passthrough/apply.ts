// MeshPassthrough on Envoy: what a transparent proxy does with connections to addresses outside the mesh (spec/dataplane.md 6.2).
import { originalDestinationCluster, speakHttp2, type EnvoyPolicy } from "#envoy";
import type { ProxyConf } from "#mesh";
import { chainsFor, inspectors } from "./chains.ts";
import type { PassthroughConf } from "./kind.ts";
import { isOfFamily, matchName, sortedMatches, type PortMatch } from "./matches.ts";

export const meshPassthroughApply: EnvoyPolicy = {
  kind: "MeshPassthrough",
  /** The policy takes the place of what the Mesh says. */
  allowsPassthrough: (conf) => (conf ? confOf(conf).passthroughMode === "All" : undefined),
  passthroughListener(listener, _conf, place) {
    const all = matchesOf(place.proxyConf);
    const matches = all.filter((it) => isOfFamily(it, place.family));
    // Without a match connections end at a cluster that is not there: they are closed.
    if (matches.length === 0) return;
    listener.chains.splice(0, listener.chains.length, ...chainsFor(matches, place));
    listener.message.listenerFilters.push(...inspectors(all));
  },
  proxy(conf, plan, drafts) {
    if (!plan.proxy.traits.transparentProxy?.outboundEnabled) return;
    for (const match of matchesOf(conf)) {
      const draft = originalDestinationCluster(matchName(match), undefined);
      if (match.protocol === "http2" || match.protocol === "grpc") speakHttp2(draft);
      drafts.clusters.push(draft);
    }
  },
};

const confOf = (conf: ProxyConf): PassthroughConf => conf.value as PassthroughConf;

/** Matches count where only what matches may pass, which is the default. */
function matchesOf(conf: ProxyConf | undefined): readonly PortMatch[] {
  const { passthroughMode = "Matched", appendMatch = [] } = conf ? confOf(conf) : {};
  return conf && passthroughMode === "Matched" ? sortedMatches(appendMatch) : [];
}
