// When leaves are renewed: not all at once.
import { expect, test } from "vitest";
import { createSealer } from "#envoy";
import { fakePlatform } from "#platform/fake";
import { makeBuiltinRoot, openAuthority } from "#security";
import { issueIdentity } from "./secrets.ts";

const hour = 3_600_000;

test("leaves made at the same time are renewed at different times, between 75 and 80 per cent of their life", async () => {
  const platform = fakePlatform();
  const now = platform.clock.now();
  const authority = openAuthority(await makeBuiltinRoot({ trustDomain: "default", expiryMs: 1000 * hour, now }));
  const request = { name: "identity", uris: ["spiffe://default/web"], authority, backend: "ca-1", isOfIdentity: false, lifetimeMs: 100 * hour };
  const sealer = createSealer();
  const leaves = await Promise.all(Array.from({ length: 20 }, () => issueIdentity(request, platform, sealer)));
  const shares = leaves.map((it) => (it.renewAt - now) / (it.expiresAt - now));
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.75);
  expect(Math.max(...shares)).toBeLessThanOrEqual(0.8);
  expect(new Set(shares).size).toBeGreaterThan(15);
});
