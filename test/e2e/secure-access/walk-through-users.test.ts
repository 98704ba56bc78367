// The operator's walk-through, part 3: users and the API, as curl and kumactl are typed.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../harness/control-plane.ts";
import { hasProgram } from "../../harness/peers.ts";
import { openMachine, type Operator } from "./operator.ts";

const withTools = test.skipIf(!hasProgram("openssl") || !hasProgram("curl"));
/** `<status> <body>`; as somebody from elsewhere when it comes by a proxy. */
const curl = (machine: Operator, rest: string, port = "http://localhost:$HTTP") => machine.typed(`curl -sS -w '\\n%{http_code}' ${rest.replace("API", port)}`).then((it) => {
  const lines = it.split("\n");
  return `${lines.at(-1)} ${lines.slice(0, -1).join("\n")}`;
});
const elsewhere = "-H 'X-Forwarded-For: 192.0.2.1'";
const aMesh = (name: string) => `-X PUT -H 'content-type: application/json' -d '{"type":"Mesh","name":"${name}"}' API/meshes/${name}`;

let machine: Operator;
beforeAll(async () => {
  machine = await openMachine();
  await machine.startControlPlane();
  await machine.typed("kumactl config control-planes add --name=local-admin --address=http://localhost:$HTTP");
  await until(async () => (await machine.type("kumactl get global-secret admin-user-token")).code === 0, 60_000);
});
afterAll(() => machine.stop());

describe("HTTP and HTTPS", () => {
  withTools("the same API answers on both ports (needs openssl and curl)", async () => {
    const [http, https] = [await curl(machine, "API/meshes"), await curl(machine, "--cacert .kuma/kuma-cp.crt API/meshes", "https://localhost:$HTTPS")];
    expect(http.slice(0, 4)).toBe("200 ");
    expect(https).toBe(http.replaceAll(`http://localhost:${machine.ports.http}`, `https://localhost:${machine.ports.https}`));
  });

  withTools("HTTP is switched off, HTTPS goes on; an interface of its own is kept to (needs openssl and curl)", async () => {
    const own = await openMachine();
    await own.startControlPlane({ KUMA_API_SERVER_HTTP_ENABLED: "false", KUMA_API_SERVER_HTTPS_INTERFACE: "127.0.0.2" });
    expect((await own.type("curl -sS http://127.0.0.1:$HTTP/")).code).toBe(7);
    expect((await own.type("curl -sSk https://127.0.0.1:$HTTPS/")).code).toBe(7);
    expect(await curl(own, "-k API/ -o /dev/null", "https://127.0.0.2:$HTTPS")).toMatch(/^200/);
    await own.stop();
  });
});

describe("the administrator on this machine", () => {
  withTools("is whoever runs the control plane, by HTTP and HTTPS (needs openssl and curl)", async () => {
    expect(await curl(machine, "API/who-am-i")).toContain("mesh-system:admin");
    expect(await curl(machine, "-k API/who-am-i", "https://127.0.0.1:$HTTPS")).toContain("mesh-system:admin");
  });

  const headers: readonly string[] = [
    "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For;", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1", "X-Forwarded-Host: localhost", "X-Forwarded-Proto: https", "CF-Connecting-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1",
    "Origin: https://evil.example", "Origin: null", "Origin: http://localhost:1", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Host: evil.example", "Host: localhost.evil.example:5681", "Host:",
  ];
  for (const header of headers) {
    withTools(`is not who sends "${header}" (needs openssl and curl)`, async () => {
      const answer = await curl(machine, `-H '${header}' API/who-am-i`);
      expect(answer).not.toContain("mesh-system:admin");
      expect(await curl(machine, `-H '${header}' ${aMesh("stolen")}`)).toMatch(/^4\d\d/);
    });
  }

  withTools("a page of another origin on the other scheme is not this one (needs openssl and curl)", async () => {
    expect(await curl(machine, `-H "Origin: https://localhost:$HTTP" API/who-am-i`)).toContain("mesh-system:anonymous");
    expect(await curl(machine, `-H "Origin: http://localhost:$HTTP" API/who-am-i`)).toContain("mesh-system:admin");
  });

  withTools("is nobody once it is switched off (needs openssl and curl)", async () => {
    const own = await openMachine();
    await own.startControlPlane({ KUMA_API_SERVER_AUTHN_LOCALHOST_IS_ADMIN: "false" });
    expect(await curl(own, "API/who-am-i")).toContain("mesh-system:anonymous");
    const refusal = await curl(own, "API/global-secrets");
    expect(refusal.slice(0, 4)).toBe("403 ");
    expect(refusal).toContain("kumactl config control-planes add");
    await own.stop();
  });
});

describe("user tokens", () => {
  const bearer = (file: string) => `${elsewhere} -H "Authorization: Bearer $(cat ${file})"`;

  withTools("the administrator's is fetched as documented, and is the administrator from elsewhere (needs openssl and curl)", async () => {
    await machine.typed("curl -sf http://localhost:$HTTP/global-secrets/admin-user-token | jq -r .data | base64 -d > admin.token");
    expect(await curl(machine, `${bearer("admin.token")} API/who-am-i`)).toContain("mesh-system:admin");
    expect(await curl(machine, `${bearer("admin.token")} API/global-secrets`)).toMatch(/^200/);
  });

  withTools("a user of a group is who the token says, writes policies, and sees no secrets (needs openssl and curl)", async () => {
    await machine.typed("kumactl generate user-token --name=jane --group=team-a --group=team-b --valid-for=24h > jane.token");
    expect(await curl(machine, `${bearer("jane.token")} API/who-am-i`)).toMatch(/"name":\s*"jane"[\s\S]*team-a[\s\S]*team-b/);
    expect(await curl(machine, `${bearer("jane.token")} ${aMesh("janes")}`)).toMatch(/^201/);
    const refusal = await curl(machine, `${bearer("jane.token")} API/global-secrets`);
    expect(refusal.slice(0, 4)).toBe("403 ");
    expect(refusal).toContain('user \\"jane/team-a,team-b,mesh-system:authenticated\\" cannot access the resource of type \\"GlobalSecret\\"');
    expect(await curl(machine, `${bearer("jane.token")} -X POST -H 'content-type: application/json' -d '{"name":"x","groups":["mesh-system:admin"],"validFor":"1h"}' API/tokens/user`)).toMatch(/^403/);
  });

  for (const [what, header] of [["a changed token", "Authorization: Bearer $(cat jane.token)x"], ["no token at all", "Authorization: Bearer"], ["another scheme", "Authorization: Basic amFuZTp4"], ["an unknown scheme", "Authorization: Negotiate abc"]] as const) {
    withTools(`${what} is 401, not anonymous (needs openssl and curl)`, async () => {
      expect(await curl(machine, `${elsewhere} -H "${header}" API/meshes`)).toMatch(/^401/);
    });
  }

  withTools("a revoked one is 401 at once (needs openssl and curl)", async () => {
    await machine.typed("kumactl generate user-token --name=joe --group=team-a --valid-for=24h > joe.token");
    expect(await curl(machine, `${bearer("joe.token")} API/meshes`)).toMatch(/^200/);
    await machine.typed(`printf 'type: GlobalSecret\\nname: user-token-revocations\\ndata: %s\\n' "$(cut -d. -f2 joe.token | tr _- /+ | base64 -d 2>/dev/null | grep -o '"jti":"[^"]*' | cut -d'"' -f4 | base64 -w0)" | kumactl apply -f -`);
    await until(async () => (await curl(machine, `${bearer("joe.token")} API/meshes`)).startsWith("401"), 15_000);
    expect(await curl(machine, `${bearer("jane.token")} API/meshes`)).toMatch(/^200/);
    await machine.typed("kumactl delete global-secret user-token-revocations");
  });

  withTools("an access rule gives a group what only administrators had (needs openssl and curl)", async () => {
    const own = await openMachine();
    await own.startControlPlane({ KUMA_ACCESS_STATIC_GENERATE_DP_TOKEN_GROUPS: "mesh-system:admin,team-a", KUMA_ACCESS_STATIC_GET_CONFIG_DUMP_GROUPS: "team-b" });
    await own.typed("kumactl config control-planes add --name=local-admin --address=http://localhost:$HTTP");
    await until(async () => (await own.type("kumactl generate user-token --name=jane --group=team-a --valid-for=1h > jane.token")).code === 0);
    const answer = await curl(own, `${bearer("jane.token")} -X POST -H 'content-type: application/json' -d '{"mesh":"default","name":"web","validFor":"1h"}' API/tokens/dataplane`);
    expect(answer).toMatch(/^200 eyJ/);
    expect(await curl(own, `${bearer("jane.token")} -X POST -H 'content-type: application/json' -d '{"zone":"x","scope":["egress"],"validFor":"1h"}' API/tokens/zone`)).toMatch(/^403/);
    await own.stop();
  });
});

describe("client certificates", () => {
  withTools("made by kumactl, in the directory of authorities: the administrator from elsewhere, by curl and kumactl (needs openssl and curl)", async () => {
    const own = await openMachine();
    await own.typed("kumactl generate tls-certificate --type=client --hostname=jane --cert-file=jane.pem --key-file=jane.key && mkdir clients && cp jane.pem clients/");
    await own.startControlPlane({ KUMA_API_SERVER_AUTHN_TYPE: "adminClientCerts", KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR: join(own.home, "clients") });
    await own.typed("kumactl generate tls-certificate --type=client --hostname=eve --cert-file=eve.pem --key-file=eve.key");
    const https = "https://localhost:$HTTPS";
    expect(await curl(own, `${elsewhere} --cacert .kuma/kuma-cp.crt --cert jane.pem --key jane.key API/who-am-i`, https)).toContain("mesh-system:admin");
    expect(await curl(own, `${elsewhere} --cacert .kuma/kuma-cp.crt API/who-am-i`, https)).toContain("mesh-system:anonymous");
    expect((await own.type(`curl -sS --cacert .kuma/kuma-cp.crt --cert eve.pem --key eve.key ${https}/who-am-i`)).code).not.toBe(0);
    await own.typed(`kumactl config control-planes add --name=jane --address=${https} --ca-cert-file=.kuma/kuma-cp.crt --client-cert-file=jane.pem --client-key-file=jane.key --headers=x-forwarded-for=192.0.2.1`);
    expect(await own.typed("kumactl get global-secrets")).toContain("envoy-admin-ca");
    await own.stop();
  });
});

describe("profiles of kumactl", () => {
  const add = (more: string, address = "https://localhost:$HTTPS", name = "profile") => machine.type(`kumactl config control-planes add --overwrite --name=${name} --address=${address} ${more}`);

  withTools("a CA file, a token: added, used, listed, switched, removed (needs openssl and curl)", async () => {
    expect((await add('--ca-cert-file=.kuma/kuma-cp.crt --auth-type=tokens --auth-conf token=$(cat jane.token) --headers x-forwarded-for=192.0.2.1')).out).toBe('added Control Plane "profile"\nswitched active Control Plane to "profile"\n');
    expect(await machine.typed("kumactl get meshes")).toContain("default");
    expect((await machine.type("kumactl get global-secrets")).err).toContain("cannot access the resource of type");
    expect(await machine.typed("kumactl config control-planes list")).toMatch(/\*\s+profile\s+https:/);
    expect(await machine.typed("stat -c %a .kumactl/config")).toBe("600");
    await machine.typed("kumactl config control-planes switch --name=local-admin");
    expect(await machine.typed("kumactl get global-secrets")).toContain("envoy-admin-ca");
    await machine.typed("kumactl config control-planes remove --name=profile");
  });

  withTools("config view tells no token, unless it is asked for (needs openssl and curl)", async () => {
    await add("--ca-cert-file=.kuma/kuma-cp.crt --auth-type=tokens --auth-conf token=$(cat jane.token) --headers authorization=secret-thing");
    const token = machine.read("jane.token").trim();
    const shown = await machine.typed("kumactl config view");
    expect(shown).toContain("token:");
    expect(shown).not.toContain(token);
    expect(shown).not.toContain("secret-thing");
    expect(await machine.typed("kumactl config view --show-secrets")).toContain(token);
    await machine.typed("kumactl config control-planes switch --name=local-admin");
  });

  withTools("without the CA nothing is added: the fingerprint offered, and the flag (needs openssl and curl)", async () => {
    const { code, err } = await add("", "https://localhost:$HTTPS", "unverified");
    const offered = (await machine.typed("openssl x509 -in .kuma/kuma-cp.crt -noout -fingerprint -sha256")).split("=")[1] ?? "";
    expect(code).not.toBe(0);
    expect(err).toContain(offered);
    expect(err).toContain("--ca-cert-file");
    expect(await machine.typed("kumactl config control-planes list")).not.toContain("unverified");
  });

  withTools("a wrong CA: both fingerprints (needs openssl and curl)", async () => {
    await machine.typed("kumactl generate tls-certificate --type=server --hostname=localhost --cert-file=foreign.crt --key-file=foreign.key");
    const { err } = await add("--ca-cert-file=foreign.crt", "https://localhost:$HTTPS", "wrong");
    for (const file of [".kuma/kuma-cp.crt", "foreign.crt"]) expect(err).toContain((await machine.typed(`openssl x509 -in ${file} -noout -fingerprint -sha256`)).split("=")[1]);
  });

  withTools("--skip-verify works only when it is asked for, and is remembered in the file (needs openssl and curl)", async () => {
    expect((await add("--skip-verify", "https://localhost:$HTTPS", "skipping")).code).toBe(0);
    expect(await machine.typed("kumactl config view")).toMatch(/skipVerify: true/);
    expect(await machine.typed("kumactl get meshes")).toContain("default");
    await machine.typed("kumactl config control-planes switch --name=local-admin && kumactl config control-planes remove --name=skipping");
  });

  withTools("a token is not sent over plain http to another machine, but by a flag (needs openssl and curl)", async () => {
    expect((await add("--skip-check --auth-type=tokens --auth-conf token=$(cat jane.token)", "http://192.0.2.1:5681", "far")).code).toBe(0);
    expect((await machine.type("kumactl get meshes --api-timeout=2s")).err).toMatch(/refused to send a credential over http:\/\/ to 192\.0\.2\.1:5681[\s\S]*https:\/\//);
    expect((await machine.type("kumactl get meshes --api-timeout=1s --allow-plaintext-token")).err).not.toMatch(/refused to send a credential/);
    await machine.typed("kumactl config control-planes switch --name=local-admin && kumactl config control-planes remove --name=far");
  });
});

describe("diagnostics", () => {
  const at = "http://localhost:$DIAGNOSTICS";

  withTools("health and metrics are anybody's; log levels are seen and changed by who administers (needs openssl and curl)", async () => {
    for (const path of ["ready", "healthy", "metrics"]) expect(await curl(machine, `${elsewhere} API/${path}`, at)).toMatch(/^200/);
    const change = `-X PUT -d '{"component":"xds","level":"debug"}' API/logging`;
    expect(await curl(machine, `${elsewhere} ${change}`, at)).toMatch(/^403 [\s\S]*log in with a user token/);
    expect(await curl(machine, `${elsewhere} API/logging`, at)).toMatch(/^403/);
    expect(await curl(machine, `-H 'Authorization: Bearer x' ${elsewhere} API/logging`, at)).toMatch(/^401/);
    expect(await curl(machine, `${elsewhere} -X DELETE API/logging/xds`, at)).toMatch(/^403/);
    await machine.typed("kumactl generate user-token --name=jane --group=team-a --valid-for=24h > jane.token");
    const jane = `${elsewhere} -H "Authorization: Bearer $(cat jane.token)"`;
    expect(await curl(machine, `${jane} API/logging`, at)).toMatch(/^200/);
    expect(await curl(machine, `${jane} ${change}`, at)).toMatch(/^403/);
    expect(await curl(machine, change, at)).toMatch(/^200 [\s\S]*"xds":"debug"/);
    expect(await curl(machine, "-X DELETE API/logging", at)).toMatch(/^200/);
  });

  for (const env of [{ KUMA_DIAGNOSTICS_AUTH: "none" }, { KUMA_COMPATIBILITY: "kuma" }]) {
    withTools(`with ${JSON.stringify(env)} log levels are anybody's, as in Kuma (needs openssl and curl)`, async () => {
      const own = await openMachine();
      await own.startControlPlane(env);
      expect(await curl(own, `${elsewhere} -X PUT -d '{"component":"xds","level":"debug"}' API/logging`, at)).toMatch(/^200/);
      await own.stop();
    });
  }

  withTools("over TLS with a pair of its own (needs openssl and curl)", async () => {
    const own = await openMachine();
    await own.typed("kumactl generate tls-certificate --type=server --hostname=localhost --cert-file=d.crt --key-file=d.key");
    await own.startControlPlane({ KUMA_DIAGNOSTICS_TLS_ENABLED: "true", KUMA_DIAGNOSTICS_TLS_CERT_FILE: join(own.home, "d.crt"), KUMA_DIAGNOSTICS_TLS_KEY_FILE: join(own.home, "d.key") });
    expect(await curl(own, "--cacert d.crt API/ready", "https://localhost:$DIAGNOSTICS")).toMatch(/^200/);
    expect((await own.type("curl -sS --cacert .kuma/kuma-cp.crt https://localhost:$DIAGNOSTICS/ready")).code).toBe(60);
    expect((await own.type("curl -sS http://localhost:$DIAGNOSTICS/ready")).code).not.toBe(0);
    await own.stop();
  });
});
