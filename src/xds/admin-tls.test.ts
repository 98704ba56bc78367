import { expect, test } from "vitest";
import type { AdminTls } from "#envoy";
import { fakePlatform } from "#platform/fake";
import type { Resource } from "#resources";
import { keepAdminTls, type AdminTlsSource } from "./admin-tls.ts";

const proxy: Resource = { type: "Dataplane", mesh: "default", name: "web", labels: {}, spec: {}, creationTime: 0, modificationTime: 0, version: 1 };

function setUp() {
  const platform = fakePlatform();
  const listeners = new Set<() => void>();
  let count = 0;
  let news = 0;
  const source: AdminTlsSource = {
    issue: async () => ({ tls: { certPem: `cert ${++count}`, keyPem: "", caPem: "" } satisfies AdminTls, renewAt: platform.clock.now() + 1000 }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { platform, listeners, keep: () => keepAdminTls(source, () => proxy, platform, () => news++), news: () => news };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("there is one at once, another in time, and another when the authority changes", async () => {
  const { platform, listeners, keep, news } = setUp();
  const kept = await keep();
  expect([kept.current()?.certPem, news()]).toEqual(["cert 1", 0]);
  platform.clock.advance(1000);
  await settled();
  expect([kept.current()?.certPem, news()]).toEqual(["cert 2", 1]);
  for (const tell of listeners) tell();
  await settled();
  expect([kept.current()?.certPem, news()]).toEqual(["cert 3", 2]);
});

test("after its end nothing is issued any more", async () => {
  const { platform, listeners, keep, news } = setUp();
  const kept = await keep();
  kept.end();
  platform.clock.advance(10_000);
  await settled();
  expect([listeners.size, news()]).toEqual([0, 0]);
});
