// From one revocation list to closed streams: 1,000 proxies over ADS, each with a token of its own id, all revoked by one write.
import { readFileSync } from "node:fs";
import { idOf, secretResource } from "../test/harness/tokens.ts";
import { bringing, connectProxy, openSession, typeUrl, type TestProxy } from "../test/harness/ads.ts";
import { benchControlPlane } from "./control-plane.ts";

const streamsPerConnection = 50;

export async function run(args: readonly string[]): Promise<void> {
  const count = Number(args[0] ?? 1000);
  const running = await benchControlPlane({ KUMA_STORE_TYPE: args[1] ?? "memory" });
  try {
    const controlPlane = { caPem: readFileSync(running.caFile, "utf8"), ports: { dp: running.dpPort } };
    const tokens: string[] = [];
    for (let at = 0; at < count; at += 20) tokens.push(...(await Promise.all(Array.from({ length: Math.min(20, count - at) }, (_, by) => tokenFor(running.api, `dp-${at + by}`)))));
    const proxies: TestProxy[] = [];
    const sessions = Array.from({ length: Math.ceil(count / streamsPerConnection) }, () => openSession(controlPlane));
    for (let at = 0; at < count; at += streamsPerConnection) {
      const group = tokens.slice(at, at + streamsPerConnection).map((token, by) => {
        const name = `dp-${at + by}`;
        const session = sessions[Math.floor(at / streamsPerConnection)];
        const proxy = connectProxy(controlPlane, { id: `default.${name}`, token, metadata: bringing(dataplane(name, 10_000 + at + by)), ...(session ? { session } : {}) });
        proxy.subscribe(typeUrl.cluster);
        return proxy;
      });
      await Promise.all(group.map((it) => it.next(60_000)));
      proxies.push(...group);
    }
    const closings = proxies.map((it) => it.closed(60_000).then((closing) => ({ closing, at: performance.now() })));
    const list = tokens.map(idOf).join(",");
    const started = performance.now();
    const answered = running.put("/meshes/default/secrets/dataplane-token-revocations-default", secretResource("dataplane-token-revocations-default", list, "default")).then(() => performance.now() - started);
    const closed = await Promise.all(closings);
    const times = closed.map((it) => it.at - started).toSorted((a, b) => a - b);
    const quantile = (share: number) => (times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)] ?? 0).toFixed(0);
    const unauthenticated = closed.filter((it) => it.closing.code === 16).length;
    console.log(`${count} streams with tokens of their own, one list of ${list.length} bytes: PUT answered after ${(await answered).toFixed(0)} ms`);
    console.log(`from the PUT to the closed stream: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, max ${quantile(1)} ms; ${unauthenticated} of ${count} were told UNAUTHENTICATED`);
    for (const session of sessions) session.destroy();
  } finally {
    await running.stop();
  }
}

const dataplane = (name: string, port: number) => ({
  type: "Dataplane", mesh: "default", name, networking: { address: "127.0.0.1", inbound: [{ port, tags: { "kuma.io/service": "web" } }] },
});

async function tokenFor(api: string, name: string): Promise<string> {
  for (;;) {
    const response = await fetch(`${api}/tokens/dataplane`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ mesh: "default", name, validFor: "1h" }) });
    const text = await response.text();
    if (response.ok) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
