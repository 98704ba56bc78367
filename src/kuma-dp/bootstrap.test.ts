import { expect, test } from "vitest";
import { systemClock, type Platform } from "#platform";
import { fakePlatform } from "#platform/fake";
import { unavailable } from "#resources";
import type { HttpClient, HttpRequest } from "#security";
import { fetchBootstrap } from "./bootstrap.ts";

const platform: Platform = { ...fakePlatform(), clock: systemClock };
const document = JSON.stringify({ bootstrap: Buffer.from("node: {}").toString("base64") });
const clientOf = (answer: (request: HttpRequest) => string): HttpClient => ({
  request: async (request) => ({ status: 200, headers: {}, body: Buffer.from(answer(request)) }),
  close() {},
});
const fetching = (client: HttpClient, request: () => Promise<object>, mayTrustLater = false) =>
  fetchBootstrap({ client, request, mayTrustLater, platform, backoffMs: 5, maxDurationMs: 2000, signal: new AbortController().signal });

test("a replaced token is the next attempt's; one that is being replaced is waited for", async () => {
  const tokens = ["", "second"];
  const sent: unknown[] = [];
  const client = clientOf((request) => {
    sent.push((JSON.parse(String(request.body)) as { dataplaneToken?: string }).dataplaneToken);
    return document;
  });
  const request = async () => {
    const token = tokens.shift();
    if (!token) throw unavailable("token under file t is empty");
    return { dataplaneToken: token };
  };
  expect(await fetching(client, request)).toMatchObject({ yaml: "node: {}" });
  expect(sent).toEqual(["second"]);
});

test("a control plane that cannot be verified is final, unless what it is verified by may be replaced", async () => {
  let attempts = 0;
  const client = clientOf(() => {
    if (++attempts === 1) throw unavailable("the certificate of localhost is not signed by the given CA");
    return document;
  });
  await expect(fetching(client, async () => ({}))).rejects.toThrow("not signed");
  attempts = 0;
  expect(await fetching(client, async () => ({}), true)).toMatchObject({ yaml: "node: {}" });
});
