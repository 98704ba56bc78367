// The operator's walk-through, part 1: the control plane's certificates, as they are found, made and put in place.
import { statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../harness/control-plane.ts";
import { hasProgram } from "../../harness/peers.ts";
import { openMachine, type Operator } from "./operator.ts";

const withTools = test.skipIf(!hasProgram("openssl") || !hasProgram("curl"));
/** What a server shows to `openssl s_client`, by the words of `openssl x509`. */
const shownAt = (port: keyof Operator["ports"], what: string) => `openssl s_client -connect localhost:$${port.toUpperCase()} -servername localhost </dev/null 2>/dev/null | openssl x509 -noout ${what}`;
const serverPair = (name: string, hosts = "localhost,127.0.0.1", more = "") => `kumactl generate tls-certificate --type=server --hostname=${hosts} --cert-file=${name}.crt --key-file=${name}.key ${more}`;

describe("the pair that the control plane makes for itself", () => {
  let machine: Operator;
  beforeAll(async () => {
    machine = await openMachine();
    await machine.startControlPlane();
  });
  afterAll(() => machine.stop());

  withTools("is in $HOME/.kuma: directory 0700, files 0600 (needs openssl and curl)", () => {
    const mode = (name: string) => (statSync(join(machine.home, ".kuma", name)).mode & 0o777).toString(8);
    expect([".", "kuma-cp.crt", "kuma-cp.key"].map(mode)).toEqual(["700", "600", "600"]);
  });

  withTools("carries the machine's name, localhost and the loopback addresses (needs openssl and curl)", async () => {
    const names = await machine.typed("openssl x509 -in .kuma/kuma-cp.crt -noout -ext subjectAltName");
    for (const name of [`DNS:${hostname()}`, "DNS:localhost", "IP Address:127.0.0.1"]) expect(names).toContain(name);
  });

  withTools("is a leaf for servers only, of three months, with a P-256 key (needs openssl and curl)", async () => {
    const text = await machine.typed("openssl x509 -in .kuma/kuma-cp.crt -noout -text");
    expect(text).toContain("CA:FALSE");
    expect(text).toMatch(/Digital Signature/);
    expect(text).not.toMatch(/Certificate Sign\b/);
    expect(text).toContain("TLS Web Server Authentication");
    expect(text).not.toContain("TLS Web Client Authentication");
    expect(text).toContain("ASN1 OID: prime256v1");
    expect((await machine.type("openssl x509 -in .kuma/kuma-cp.crt -noout -checkend 6048000")).code).toBe(0);
    expect((await machine.type("openssl x509 -in .kuma/kuma-cp.crt -noout -checkend 8640000")).code).toBe(1);
  });

  withTools("verifies by itself as --cacert for every client, curl and openssl too (needs openssl and curl)", async () => {
    await machine.typed("curl -sSf --cacert .kuma/kuma-cp.crt https://localhost:$HTTPS/");
    await machine.typed("openssl s_client -connect localhost:$DP -CAfile .kuma/kuma-cp.crt -verify_return_error -verify_hostname localhost </dev/null");
    await machine.typed("openssl verify -CAfile .kuma/kuma-ca.crt .kuma/kuma-cp.crt");
  });

  withTools("is not trusted by anybody else (needs openssl and curl)", async () => {
    expect((await machine.type("curl -sS https://localhost:$HTTPS/")).code).toBe(60);
  });

  withTools("a work directory of one's own is used, and one that cannot be written is explained (needs openssl and curl)", async () => {
    const other = await openMachine({ KUMA_GENERAL_WORK_DIR: "/proc/kuma" });
    const { code, err, out } = await other.type("kuma-cp run");
    await other.stop();
    expect([code === 0, out + err]).toEqual([false, expect.stringContaining("KUMA_GENERAL_WORK_DIR")]);
  });
});

describe("one's own general pair, made by kumactl", () => {
  let machine: Operator;
  beforeAll(async () => {
    machine = await openMachine();
    await machine.typed(serverPair("cp"));
    await machine.typed(serverPair("mads", "localhost", "--key-type=ecdsa"));
    await machine.startControlPlane({
      KUMA_GENERAL_TLS_CERT_FILE: join(machine.home, "cp.crt"), KUMA_GENERAL_TLS_KEY_FILE: join(machine.home, "cp.key"), KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED: "true", KUMA_DIAGNOSTICS_TLS_ENABLED: "true",
      KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_CERT_FILE: join(machine.home, "mads.crt"), KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_KEY_FILE: join(machine.home, "mads.key"), KUMA_DP_SERVER_TLS_MIN_VERSION: "TLSv1_3",
      KUMA_API_SERVER_HTTPS_TLS_MAX_VERSION: "TLSv1_2", KUMA_API_SERVER_HTTPS_TLS_CIPHER_SUITES: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    });
  });
  afterAll(() => machine.stop());

  withTools("has the files, modes and contents that Kuma's users know (needs openssl and curl)", async () => {
    const printed = await machine.typed(serverPair("shown"));
    expect(printed).toBe("Private key saved in shown.key\nCertificate saved in shown.crt");
    const mode = (name: string) => (statSync(join(machine.home, name)).mode & 0o777).toString(8);
    expect([mode("shown.key"), mode("shown.crt")]).toEqual(["400", "600"]);
    const text = await machine.typed("openssl x509 -in shown.crt -noout -text");
    expect(text).toContain("CA:TRUE");
    expect(text).toContain("DNS:localhost, IP Address:127.0.0.1");
    expect(text).toContain("Digital Signature, Key Encipherment, Certificate Sign");
    expect(text).toContain("TLS Web Server Authentication");
    expect(await machine.typed("openssl rsa -in shown.key -noout -check 2>&1")).toContain("RSA key ok");
    await machine.typed("kumactl generate tls-certificate --type=client --hostname=jane --cert-file=jane.crt --key-file=jane.key --key-type=ecdsa");
    expect(await machine.typed("openssl x509 -in jane.crt -noout -ext extendedKeyUsage")).toContain("TLS Web Client Authentication");
    expect(await machine.typed("head -1 jane.key")).toBe("-----BEGIN EC PRIVATE KEY-----");
  });

  withTools("is served by every TLS port that has none of its own (needs openssl and curl)", async () => {
    const own = await machine.typed("openssl x509 -in cp.crt -noout -fingerprint -sha256");
    for (const port of ["dp", "https", "diagnostics"] as const) expect(await machine.typed(shownAt(port, "-fingerprint -sha256")), port).toBe(own);
    expect(await machine.typed(shownAt("mads", "-fingerprint -sha256"))).toBe(await machine.typed("openssl x509 -in mads.crt -noout -fingerprint -sha256"));
  });

  withTools("doubles as the CA for curl (needs openssl and curl)", async () => {
    expect(JSON.parse(await machine.typed("curl -sSf --cacert cp.crt https://localhost:$HTTPS/"))).toMatchObject({ product: "Kuma" });
    expect(await machine.typed("curl -sSf --cacert cp.crt https://127.0.0.1:$DIAGNOSTICS/ready -w '%{http_code}' -o /dev/null")).toBe("200");
  });

  withTools("an explicit version or cipher of one server wins over the general one (needs openssl and curl)", async () => {
    const handshake = (port: string, options: string) => machine.type(`openssl s_client -connect localhost:$${port} ${options} </dev/null 2>&1 | grep -E 'Protocol +:|^New, ' | head -1`);
    expect((await handshake("DP", "-tls1_2")).out).not.toMatch(/TLSv1.2, Cipher is E/);
    expect((await handshake("DP", "-tls1_3")).out).toMatch(/TLSv1\.3/);
    expect((await handshake("HTTPS", "")).out).toMatch(/TLSv1\.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384/);
    expect((await machine.type("openssl s_client -connect localhost:$HTTPS -tls1_3 </dev/null")).code).not.toBe(0);
    expect((await machine.type("openssl s_client -connect localhost:$HTTPS -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 </dev/null")).code).not.toBe(0);
  });

  withTools("a new pair under the same names is served without a restart (needs openssl and curl)", async () => {
    await machine.typed(`${serverPair("next")} && mv -f next.key cp.key && mv -f next.crt cp.crt`);
    const next = await machine.typed("openssl x509 -in cp.crt -noout -fingerprint -sha256");
    for (const port of ["dp", "https", "diagnostics"] as const) await until(async () => (await machine.typed(shownAt(port, "-fingerprint -sha256"))) === next, 30_000);
    await machine.typed("curl -sSf --cacert cp.crt https://localhost:$HTTPS/");
  });
});

describe("settings that cannot be right stop the start and say why", () => {
  let machine: Operator;
  beforeAll(async () => {
    machine = await openMachine();
    await machine.typed(`${serverPair("a")} && ${serverPair("b")}`);
  });
  afterAll(() => machine.stop());

  const cases: readonly (readonly [what: string, env: Readonly<Record<string, string>>, reason: RegExp])[] = [
    ["a certificate without its key", { KUMA_GENERAL_TLS_CERT_FILE: "a.crt" }, /TlsKeyFile cannot be empty if TlsCertFile has been set/i],
    ["a key without its certificate", { KUMA_GENERAL_TLS_KEY_FILE: "a.key" }, /TlsCertFile cannot be empty if TlsKeyFile has been set/i],
    ["a key of another certificate", { KUMA_GENERAL_TLS_CERT_FILE: "a.crt", KUMA_GENERAL_TLS_KEY_FILE: "b.key" }, /does not belong|do not belong|does not match/],
    ["files that are not there", { KUMA_GENERAL_TLS_CERT_FILE: "none.crt", KUMA_GENERAL_TLS_KEY_FILE: "none.key" }, /none\.(crt|key)/],
    ["a version that nobody has", { KUMA_GENERAL_TLS_MIN_VERSION: "TLSv1_1" }, /unsupported tls version: TLSv1_1 supported versions:\[TLSv1_2 TLSv1_3\]/],
    ["a cipher that nobody has", { KUMA_DP_SERVER_TLS_CIPHER_SUITES: "ROT13" }, /unsupported tls cipher: ROT13/],
  ];
  for (const [what, env, reason] of cases) {
    withTools(`${what} (needs openssl and curl)`, async () => {
      const { code, out, err } = await machine.type("kuma-cp run", env);
      expect(code).not.toBe(0);
      expect(out + err).toMatch(reason);
      expect(out + err).not.toMatch(/\n\s+at /);
    });
  }

  withTools("a PEM text where a path belongs is recognised, and not repeated (needs openssl and curl)", async () => {
    const key = await machine.typed("cat a.key");
    const { code, out, err } = await machine.type("kuma-cp run", { KUMA_GENERAL_TLS_CERT_FILE: "a.crt", KUMA_GENERAL_TLS_KEY_FILE: key });
    expect(code).not.toBe(0);
    expect(out + err).toMatch(/path/);
    expect(out + err).not.toContain(key.split("\n")[1]);
  });
});

withTools("a pair that has expired is refused at the start (needs openssl and curl)", async () => {
  const machine = await openMachine();
  const subject = "-key old.key -subj /CN=old -addext subjectAltName=DNS:localhost";
  await machine.typed("openssl ecparam -name prime256v1 -genkey -noout -out old.key");
  // `openssl req` makes no certificates of the past, `openssl ca` does.
  await machine.typed("mkdir ca && touch ca/index && echo 01 > ca/serial && openssl req -new " + subject + " -out old.csr && printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=ca/index\\nserial=ca/serial\\nnew_certs_dir=ca\\ndefault_md=sha256\\npolicy=p\\ncopy_extensions=copy\\n[p]\\ncommonName=supplied\\n' > ca.cnf");
  await machine.typed("openssl ca -batch -config ca.cnf -selfsign -keyfile old.key -in old.csr -out old.crt -notext -startdate 20200101000000Z -enddate 20210101000000Z 2>&1");
  const { code, out, err } = await machine.type("kuma-cp run", { KUMA_GENERAL_TLS_CERT_FILE: "old.crt", KUMA_GENERAL_TLS_KEY_FILE: "old.key" });
  await machine.stop();
  expect([code === 0, out + err]).toEqual([false, expect.stringMatching(/expired.*2021/)]);
});
