// Metrics of many sources as one text.
import { expect, test } from "vitest";
import { createHttp1Server, feedHttp1, httpClient, openEndpoint } from "#security";
import { Registry } from "prom-client";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createLog, systemClock, systemRandom } from "#platform";
import { mergeFamilies, parseExposition, printExposition, withLabels } from "./exposition.ts";
import { selectFamilies } from "./profile.ts";
import { serveMetrics } from "./server.ts";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";

const names = (text: string, profiles?: Parameters<typeof selectFamilies>[1]) => selectFamilies(parseExposition(text, false), profiles).map((it) => it.name);
const envoy = 'envoy_cluster_upstream_rq_total{envoy_cluster_name="web"} 1\nenvoy_cluster_upstream_rq_total{envoy_cluster_name="ads_cluster"} 1\nenvoy_runtime_num_keys 2\nenvoy_http_rq_total 3\n';

test("text is written as it was read, families with their samples together", () => {
  const text = '# HELP a Help.\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 3\na_sum 4.5\na_count 3\n# TYPE b untyped\nb{x="}\\"\\\\"} 1e+06 1700000000000\n';
  expect(printExposition(parseExposition(text, false))).toBe(text);
});

test("OpenMetrics becomes the older format: no end mark, no exemplars, times in milliseconds, counters with their whole name", () => {
  const text = '# TYPE req counter\nreq_total{a="b"} 5 1700000000.5 # {trace="x"} 1 1\nreq_created 1\n# TYPE build info\nbuild_info{v="1"} 1\n# EOF\n';
  expect(printExposition(parseExposition(text, true))).toBe('# TYPE req_total counter\nreq_total{a="b"} 5 1700000000500\n# TYPE build_info untyped\nbuild_info{v="1"} 1\n');
});

test("families of two sources become one; the same series is kept once", () => {
  const merged = mergeFamilies([...parseExposition("# TYPE a counter\na 1\n", false), ...parseExposition('# TYPE a counter\na 2\na{x="y"} 3\n', false)]);
  expect(printExposition(merged)).toBe('# TYPE a counter\na 1\na{x="y"} 3\n');
});

test("labels of the proxy win over a source's own and are escaped", () => {
  expect(printExposition(withLabels(parseExposition('a{mesh="no",z="{,}"} 1\n', false), { mesh: 'my "mesh"' }))).toBe('# TYPE a untyped\na{z="{,}",mesh="my \\"mesh\\""} 1\n');
});

test("the basic profile holds when none is named, and leaves out clusters of our own", () => {
  const [family, second] = selectFamilies(parseExposition(envoy, false), undefined);
  expect([family?.samples.length, second?.name]).toEqual([1, "envoy_http_rq_total"]);
});

test("all, none, exclude and include: what is included wins", () => {
  expect(names(envoy, { appendProfiles: [{ name: "All" }] })).toHaveLength(3);
  expect(names(envoy, { appendProfiles: [{ name: "None" }] })).toEqual([]);
  expect(names(envoy, { appendProfiles: [{ name: "All" }], exclude: [{ type: "Prefix", match: "envoy_" }], include: [{ type: "Regex", match: "keys$" }] })).toEqual(["envoy_runtime_num_keys"]);
});

test("a scrape over the socket joins Envoy and an application; one that is down does not spoil it", async () => {
  const folder = temporaryFolder("mh");
  const platform = { clock: systemClock, random: systemRandom, metrics: new Registry(), log: createLog(() => {}, () => 0, { root: "off", byName: new Map() }) };
  const asked: string[] = [];
  const answering = async (text: string) => {
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end(text);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const admin = await answering("# TYPE envoy_http_rq_total counter\nenvoy_http_rq_total 3\n");
  const application = await answering("# TYPE app counter\napp 1\n");
  const portOf = (server: typeof admin) => (server.address() as AddressInfo).port;
  const socketPath = join(folder, "mh.sock");
  const server = await serveMetrics({ socketPath, admin: httpClient({ url: `http://127.0.0.1:${portOf(admin)}` }), address: "127.0.0.1", platform });
  server.configure(JSON.stringify({ observability: { metrics: { applications: [{ path: "/m", port: portOf(application), address: "" }, { path: "/m", port: 1 }], backends: [], extraLabels: { "kuma.io/x": "y" } } } }));
  const client = httpClient({ url: "http://localhost", socketPath });
  const { body, headers } = await client.request({ path: "/meshmetric" });
  expect(body.toString()).toBe('# TYPE envoy_http_rq_total counter\nenvoy_http_rq_total{kuma_io_x="y"} 3\n# TYPE app counter\napp{kuma_io_x="y"} 1\n');
  expect([headers["content-type"], asked.toSorted()]).toEqual(["text/plain; version=0.0.4; charset=utf-8", ["/m", "/stats?format=prometheus&text_readouts&usedonly"]]);
  client.close();
  await server.close();
  admin.close();
  application.close();
});

test("a document is handed on once, again when it has changed, and again when its handler failed", async () => {
  const folder = temporaryFolder("dc");
  const platform = { clock: { ...systemClock, after: (ms: number, action: () => void) => systemClock.after(ms / 100, action) }, random: systemRandom, metrics: new Registry(), log: createLog(() => {}, () => 0, { root: "off", byName: new Map() }) };
  const { followDocuments } = await import("../dynamic-config/follow.ts");
  let version = "1";
  const http = createHttp1Server((request, response) => {
    if (request.headers["if-none-match"] === version) return void response.writeHead(304).end();
    response.writeHead(200, { etag: version });
    response.end(`body ${version}`);
  });
  const socketPath = join(folder, "dc.sock");
  const endpoint = await openEndpoint("dp-metrics", { path: socketPath }, { http1: feedHttp1(http) }, platform);
  const seen: string[] = [];
  const stop = followDocuments({
    socketPath, intervalMs: 1000, platform,
    handlers: new Map([["/x", (body: string) => {
      seen.push(body);
      if (seen.length === 1) throw new Error("not this time");
    }]]),
  });
  await expect.poll(() => seen.length).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  version = "2";
  await expect.poll(() => seen).toEqual(["body 1", "body 1", "body 2"]);
  await stop();
  await endpoint.close();
});
