// Tokens as a Kuma user asks for them, with and without the switch.
import { afterAll, expect, test } from "vitest";
import { newKeyPem, secretText, forge } from "../harness/tokens.ts";
import { bringing, connectProxy, typeUrl } from "../harness/ads.ts";
import { dataplaneResource, startTestControlPlane, type TestControlPlane } from "../harness/control-plane.ts";

const started: TestControlPlane[] = [];
afterAll(async () => {
  for (const it of started) await it.stop();
});
async function start(env: Readonly<Record<string, string>> = {}): Promise<TestControlPlane> {
  const it = await startTestControlPlane({ env });
  started.push(it);
  return it;
}
const hoursOf = (token: string): number => {
  const { exp, iat } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as { exp: number; iat: number };
  return Math.round((exp - iat) / 3600);
};
const unasked = async (controlPlane: TestControlPlane) => hoursOf(await controlPlane.token("dataplane", { mesh: "default", validFor: "" }));
const tooLong = async (controlPlane: TestControlPlane) => {
  const response = await fetch(`${controlPlane.api}/tokens/dataplane`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ mesh: "default", validFor: "200000h" }) });
  return response.status;
};
/** The status of a stream opened with a token that never ends. */
async function endless(controlPlane: TestControlPlane): Promise<number> {
  const key = await secretText(controlPlane, "/meshes/default/secrets/dataplane-token-signing-key-default-1");
  const token = forge({ key, claims: { Mesh: "default", Name: "web", exp: undefined } });
  const proxy = connectProxy(controlPlane, { id: "default.web", token, metadata: bringing(dataplaneResource("web")) });
  proxy.subscribe(typeUrl.cluster);
  const code = await Promise.race([proxy.next().then(() => 0, () => -1), proxy.closed().then((it) => it.code)]);
  proxy.leave();
  return code;
}

test("by default: a year, a cap, no token without an end", async () => {
  const controlPlane = await start();
  expect(await unasked(controlPlane)).toBe(8760);
  expect(await tooLong(controlPlane)).toBe(400);
  expect(await endless(controlPlane)).not.toBe(0);
  expect(hoursOf(await secretText(controlPlane, "/global-secrets/admin-user-token"))).toBe(720);
});

test("as in Kuma: ten years, no cap, tokens without an end", async () => {
  const controlPlane = await start({ KUMA_COMPATIBILITY: "kuma" });
  expect(await unasked(controlPlane)).toBe(87_600);
  expect(await tooLong(controlPlane)).toBe(200);
  expect(await endless(controlPlane)).toBe(0);
  expect(hoursOf(await secretText(controlPlane, "/global-secrets/admin-user-token"))).toBe(87_600);
});

test("as in Kuma, a token of a foreign key is refused all the same", async () => {
  const controlPlane = await start({ KUMA_COMPATIBILITY: "kuma" });
  const proxy = connectProxy(controlPlane, { id: "default.web", token: forge({ key: newKeyPem(), claims: { Mesh: "default" } }), metadata: bringing(dataplaneResource("web")) });
  proxy.subscribe(typeUrl.cluster);
  expect((await proxy.closed()).code).toBe(16);
  proxy.leave();
});
