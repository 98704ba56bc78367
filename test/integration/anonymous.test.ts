// Callers without a credential, and other users of this machine: what each setting leaves them.
import { spawn } from "node:child_process";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataplaneResource, meshResource, pause, startTestControlPlane, type Answer, type TestControlPlane } from "../harness/control-plane.ts";

/** Seen through a proxy, so that being on this machine gives nobody rights. */
const anonymously = (cp: TestControlPlane, method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const call = request(`${cp.api}${path}`, { method, agent: false, headers: { "x-forwarded-for": "203.0.113.9", ...(body ? { "content-type": "application/json" } : {}), ...headers } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });

const web = "/meshes/default/dataplanes/web";
const reads = ["/meshes", "/meshes/default", "/dataplanes", web, `${web}/_overview`, "/meshes/default/dataplanes/_overview", "/mesh-insights", "/global-insight", "/_resources", "/policies", "/who-am-i", "/meshtimeouts", "/openapi.json"];
const looks = [`${web}/xds`, `${web}/stats`, `${web}/clusters`, `${web}/_config`, "/config", "/_trust"];
const writes: readonly (readonly [method: string, path: string, body?: object])[] = [
  ["PUT", "/meshes/new", meshResource("new")],
  ["PUT", web, dataplaneResource("web")],
  ["PUT", "/mesh-insights/default", {}],
  ["PUT", "/meshes/default/service-insights/web", {}],
  ["DELETE", "/global-secrets/admin-user-token"],
  ["DELETE", web],
  ["DELETE", "/meshes/default/dataplanes/none"],
];
const tokens: readonly (readonly [path: string, body: object])[] = [
  ["/tokens/dataplane", { mesh: "default", validFor: "1h" }],
  ["/tokens/zone", { zone: "default", scope: ["egress"], validFor: "1h" }],
  ["/tokens/user", { name: "mesh-system:admin", groups: ["mesh-system:admin"], validFor: "1h" }],
];
const detail = ({ text }: Answer) => (JSON.parse(text) as { detail: string }).detail;

async function start(env: Readonly<Record<string, string>>): Promise<TestControlPlane> {
  const cp = await startTestControlPlane({ env });
  expect((await cp.put(web, dataplaneResource("web"))).status).toBe(201);
  return cp;
}

const without = "user \"mesh-system:anonymous/mesh-system:unauthenticated\" cannot";
const wayIn = /; log in with a user token: kumactl config control-planes add --name=<name> --address=<address> --auth-type=tokens --auth-conf=token=<token>$/;

describe("by default", () => {
  let cp: TestControlPlane;
  beforeAll(async () => void (cp = await start({})));
  afterAll(() => cp.stop());

  for (const path of reads) test(`${path} is read without a credential`, async () => expect((await anonymously(cp, "GET", path)).status).toBe(200));

  for (const [method, path, body] of writes) {
    test(`${method} ${path} needs one, and the refusal says how to log in`, async () => {
      const answer = await anonymously(cp, method, path, body);
      expect([answer.status, detail(answer)]).toEqual([403, expect.stringMatching(wayIn)]);
    });
  }

  for (const path of looks) {
    test(`${path} needs one, and the refusal says how to log in`, async () => {
      const answer = await anonymously(cp, "GET", path);
      expect([answer.status, detail(answer)]).toEqual([403, expect.stringMatching(wayIn)]);
    });
  }

  for (const [path, body] of tokens) test(`${path} stays the administrators'`, async () => expect((await anonymously(cp, "POST", path, body)).status).toBe(403));

  test("any user token writes and looks", async () => {
    const headers = { authorization: `Bearer ${await cp.token("user", { name: "ann", groups: ["team"] })}` };
    expect((await anonymously(cp, "PUT", "/meshes/anns", meshResource("anns"), headers)).status).toBe(201);
    expect((await anonymously(cp, "DELETE", "/meshes/anns", undefined, headers)).status).toBe(200);
    expect((await anonymously(cp, "GET", "/config", undefined, headers)).status).toBe(200);
  });

  test("the control plane's own user on this machine is the administrator, on both ports", async () => {
    expect(await callAs(process.geteuid?.() ?? 0, cp, "/who-am-i")).toContain("mesh-system:admin");
    expect(await callAs(process.geteuid?.() ?? 0, { ...cp, api: `https://127.0.0.1:${cp.ports.https}` }, "/who-am-i")).toContain("mesh-system:admin");
  });
});

describe("none", () => {
  let cp: TestControlPlane;
  beforeAll(async () => void (cp = await start({ KUMA_ACCESS_ANONYMOUS: "none" })));
  afterAll(() => cp.stop());

  for (const path of [...reads, ...looks]) {
    test(`${path} is closed`, async () => {
      const answer = await anonymously(cp, "GET", path);
      expect([answer.status, detail(answer)]).toEqual([403, expect.stringMatching(wayIn)]);
    });
  }

  for (const [method, path, body] of writes) {
    test(`${method} ${path} is closed`, async () => expect((await anonymously(cp, method, path, body)).status).toBe(403));
  }

  test("the version is for everybody, as kumactl asks for it", async () => {
    expect(await anonymously(cp, "GET", "/")).toMatchObject({ status: 200, text: expect.stringContaining('"version"') as string });
  });

  for (const [path, body] of tokens) {
    test(`${path} answers by its own rule`, async () => expect(detail(await anonymously(cp, "POST", path, body))).toMatch(/generate|action not allowed/));
  }

  test("a token opens it", async () => {
    const headers = { authorization: `Bearer ${await cp.token("user", { name: "ann", groups: ["team"] })}` };
    expect((await anonymously(cp, "GET", "/meshes", undefined, headers)).status).toBe(200);
  });
});

for (const env of [{ KUMA_ACCESS_ANONYMOUS: "write" }, { KUMA_COMPATIBILITY: "kuma" }]) {
  test(`${JSON.stringify(env)}: as in Kuma, all but secrets, with Kuma's words`, async () => {
    const cp = await start(env);
    for (const path of [...reads, `${web}/_config`, "/config", "/_trust"]) expect((await anonymously(cp, "GET", path)).status, path).not.toBe(403);
    expect((await anonymously(cp, "PUT", "/meshes/new", meshResource("new"))).status).toBe(201);
    expect((await anonymously(cp, "DELETE", "/meshes/new")).status).toBe(200);
    expect(detail(await anonymously(cp, "GET", "/global-secrets"))).toBe(`${without} access the resource of type "GlobalSecret"`);
    await cp.stop();
  });
}

test("a rule that is set wins: statistics for all", async () => {
  const cp = await start({ KUMA_ACCESS_STATIC_VIEW_STATS_GROUPS: "mesh-system:unauthenticated,mesh-system:authenticated" });
  expect((await anonymously(cp, "GET", `${web}/stats`)).status).not.toBe(403);
  expect((await anonymously(cp, "GET", `${web}/clusters`)).status).toBe(403);
  await cp.stop();
});

/** A plain call over loopback by a process of that user. */
const callAs = (uid: number, cp: TestControlPlane, path: string, method = "GET") =>
  new Promise<string>((resolve, reject) => {
    const it = spawn("curl", ["-sS", "-k", "-m", "10", "-X", method, "-w", " %{http_code}", `${cp.api}${path}`], { ...(uid === process.geteuid?.() ? {} : { uid, gid: uid }), env: { PATH: process.env["PATH"] } });
    let text = "";
    it.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    it.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    it.on("error", reject);
    it.on("close", () => resolve(text));
  });

describe.runIf(process.platform === "linux" && process.geteuid?.() === 0)("as another user of this machine (needs root)", () => {
  test("a local call is not the administrator's, and the refusal says why", async () => {
    const cp = await start({});
    expect(await callAs(1001, cp, "/who-am-i")).toContain("mesh-system:anonymous");
    expect(await callAs(1001, { ...cp, api: `https://127.0.0.1:${cp.ports.https}` }, "/who-am-i")).toContain("mesh-system:anonymous");
    expect(await callAs(1001, cp, web, "DELETE")).toMatch(/this connection from the same machine is user 1001's, .*; log in with a user token: .* 403$/s);
    expect((await cp.get(web)).status).toBe(200);
    await cp.stop();
  });

  test("a call whose process hangs up at once is not taken for root's", async () => {
    const cp = await start({});
    const lines = `DELETE ${web} HTTP/1.1\\r\\nhost: localhost:${cp.ports.http}\\r\\n\\r\\n`;
    const script = `for i in {1..50}; do exec 3<>/dev/tcp/127.0.0.1/${cp.ports.http}; printf '${lines}' >&3; exec 3>&-; done`;
    const code = await new Promise((resolve) => spawn("bash", ["-c", script], { uid: 1001, gid: 1001, stdio: "ignore" }).on("close", resolve));
    await pause(500);
    expect([code, (await cp.get(web)).status]).toEqual([0, 200]);
    await cp.stop();
  });

  test("it is again by its setting, and as in Kuma", async () => {
    for (const env of [{ KUMA_API_SERVER_AUTHN_LOCALHOST_IS_ADMIN_FOR: "anyone" }, { KUMA_COMPATIBILITY: "kuma" }]) {
      const cp = await start(env);
      expect(await callAs(1001, cp, "/who-am-i")).toContain("mesh-system:admin");
      await cp.stop();
    }
  });
});
