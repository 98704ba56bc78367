// Workload certificates with their keys, on one core; then a fleet that needs new ones all at once.
import { renewalHerd } from "./fleet/herd.ts";
import { makeBuiltinRoot, openAuthority } from "../src/security/index.ts";

export async function run(args: readonly string[]): Promise<void> {
  const total = Number(args[0] ?? 3000);
  const now = Date.now();
  const authority = openAuthority(await makeBuiltinRoot({ trustDomain: "default", expiryMs: 86_400_000 * 365, now }));
  const request = { uriSans: ["spiffe://default/web", "kuma://kuma.io/service/web", "kuma://kuma.io/protocol/http"], lifetimeMs: 86_400_000, now };
  for (let warm = 0; warm < 100; warm++) await authority.issue(request);
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let count = 0; count < total; count++) await authority.issue(request);
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  const proxies = Number(args[1] ?? 1000);
  console.log(`${total} leaves (EC P-256) in ${seconds.toFixed(2)} s: ${Math.round(total / seconds)} a second; cpu ${((used.user + used.system) / 1e6).toFixed(2)} s`);
  if (proxies > 0) await renewalHerd(proxies);
}
