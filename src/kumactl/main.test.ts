// Whole commands against a small control plane on a real socket: what scripts see of them.
import { lstat, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { main } from "./main.ts";
import type { World } from "./program.ts";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";

interface Seen {
  readonly call: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let url = "";
let seen: Seen[] = [];
let answers = new Map<string, readonly [status: number, body: unknown]>();
let home = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const call = `${request.method} ${request.url}`;
      seen.push({ call, headers: request.headers, body });
      const [status, answer] = answers.get(call) ?? [404, { title: "Could not retrieve a resource", detail: "Not found" }];
      response.writeHead(status, { "content-type": "application/json" }).end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(async () => {
  home = temporaryFolder("kumactl");
  seen = [];
  interruption = new AbortController();
  answers = new Map([["GET /", [200, { product: "Kuma", version: "2.14.3" }]]]);
});

let interruption = new AbortController();

async function run(line: string, stdin = "", world: Partial<World> = {}): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(line.split(" ").filter(Boolean), {
    env: { HOME: home }, now: () => Date.parse("2026-01-01T00:00:30Z"), out: (it) => void out.push(it), err: (it) => void err.push(it), stdin: async () => stdin,
    ...world, interrupted: () => interruption.signal, pause: async () => {},
  });
  return { code, out: out.join(""), err: err.join("") };
}

const connect = (more = "") => run(`config control-planes add --name test --address ${url} ${more}`);
const mesh = (fields: object = {}) => ({ type: "Mesh", name: "default", creationTime: "2026-01-01T00:00:00Z", modificationTime: "2026-01-01T00:00:00Z", ...fields });
const calls = () => seen.map((it) => it.call);

test("the first use writes a configuration that only its owner can read", async () => {
  await run("config view");
  expect((await stat(join(home, ".kumactl/config"))).mode & 0o777).toBe(0o600);
});

test("--no-config writes nothing", async () => {
  await run("--no-config config view");
  await expect(stat(join(home, ".kumactl"))).rejects.toThrow("ENOENT");
});

test("an added control plane is checked without the token", async () => {
  await connect("--auth-type tokens --auth-conf token=secret");
  expect(seen.map((it) => it.headers.authorization)).toEqual([undefined]);
});

test("a control plane of another product is not added", async () => {
  answers.set("GET /", [200, { product: "Other", version: "1" }]);
  expect((await connect()).err).toContain("this CLI is for Kuma but the control plane you're connected to is Other");
});

test("the token and the headers of the configuration are sent", async () => {
  await connect("--auth-type tokens --auth-conf token=secret --headers x-tenant=a");
  answers.set("GET /meshes", [200, { total: 0, items: [], next: null }]);
  await run("get meshes");
  expect(seen.at(-1)?.headers).toMatchObject({ authorization: "Bearer secret", "x-tenant": "a", accept: "application/json" });
});

test("a token is not sent over http to another machine", async () => {
  await run("config control-planes add --name far --address http://192.0.2.1:5681 --skip-check --auth-type tokens --auth-conf token=secret");
  const { code, err } = await run("get meshes");
  expect([code, err]).toEqual([1, expect.stringContaining("--allow-plaintext-token")]);
});

test("get prints a table", async () => {
  await connect();
  answers.set("GET /meshes", [200, { total: 1, items: [mesh({ mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] } })], next: null }]);
  expect((await run("get meshes")).out).toBe("NAME      mTLS         LOCALITY   ZONEEGRESS   AGE\ndefault   builtin/ca   off        off          30s\n");
});

test("get tells how to go on", async () => {
  await connect();
  answers.set("GET /meshes?offset=2&size=1", [200, { total: 9, items: [mesh()], next: `${url}/meshes?offset=3&size=1` }]);
  expect((await run("get meshes --size 1 --offset=2")).out).toContain("\n\nRerun command with --offset=3 argument to retrieve more resources\n");
});

test("get of what is not there fails", async () => {
  await connect();
  expect(await run("get meshtimeout x -m demo")).toEqual({ code: 1, out: "", err: "Error: No resources found in demo mesh\n" });
});

test("a flat resource in YAML begins with what all resources have", async () => {
  await connect();
  answers.set("GET /meshes/default", [200, mesh({ constraints: {} })]);
  expect((await run("get mesh default -oyaml")).out).toMatch(/\nname: default\ntype: Mesh\nconstraints: {}\n$/);
});

test("apply creates what is new and updates what is there", async () => {
  await connect();
  answers.set("PUT /meshes/a", [201, {}]).set("GET /meshes/b", [200, mesh()]).set("PUT /meshes/b", [200, { warnings: ["careful"] }]);
  const { out, err } = await run("apply -f -", "type: Mesh\nname: a\n---\ntype: Mesh\nname: b\n");
  expect([out, err]).toEqual(['resource type="Mesh" mesh="" name="a" Created\nresource type="Mesh" mesh="" name="b" Updated\n', "Warning: careful\n"]);
});

test("a warning of the control plane comes on stderr after the line of its document", async () => {
  await connect();
  answers.set("PUT /meshes/a", [201, { warnings: ["first", "second"] }]).set("PUT /meshes/b", [200, { warnings: ["third"] }]).set("GET /meshes/b", [200, mesh()]);
  const shown: string[] = [];
  const show = (text: string) => void shown.push(text);
  await run("apply -f -", "type: Mesh\nname: a\n---\ntype: Mesh\nname: b\n", { out: show, err: show });
  expect(shown.join("")).toBe(
    'resource type="Mesh" mesh="" name="a" Created\nWarning: first\nWarning: second\nresource type="Mesh" mesh="" name="b" Updated\nWarning: third\n',
  );
});

test("apply sends nothing when one document is wrong", async () => {
  await connect();
  const { code, err } = await run("apply -f -", "type: Mesh\nname: a\n---\ntype: Nonsense\n");
  expect([code, err, calls().filter((it) => it.startsWith("PUT"))]).toEqual([1, 'resource[1]: failed to parse resource: invalid resource type "Nonsense"\nError: failed to validate some resources\n', []]);
});

test("apply repeats the control plane's refusal field by field", async () => {
  await connect();
  answers.set("PUT /meshes/a", [400, { title: "T", detail: "D", invalid_parameters: [{ field: "mtls", reason: "no" }] }]);
  expect((await run("apply -f -", "type: Mesh\nname: a\n")).err).toBe('Error: resource type="Mesh" mesh="" name="a": failed server side: T (D)\n* mtls: no\n');
});

test("apply --dry-run fills in variables and sends nothing", async () => {
  await connect();
  const { out } = await run("apply -f - --dry-run -v name=x", "type: Mesh\nname: {{name}}\n");
  expect([out.includes("\nname: x\n"), calls().filter((it) => it !== "GET /")]).toEqual([true, []]);
});

test("yes and on are true, as in Kuma's files", async () => {
  await connect();
  expect((await run("apply -f - --dry-run", "type: Mesh\nname: a\nrouting: {localityAwareLoadBalancing: on}\n")).out).toContain("localityAwareLoadBalancing: true");
});

test("delete says what is gone, and what was not there", async () => {
  await connect();
  answers.set("DELETE /meshes/a", [200, {}]);
  expect([(await run("delete mesh a")).out, (await run("delete mesh b")).err]).toEqual(['deleted Mesh "a"\n', 'Error: there is no Mesh with name "b"\n']);
});

test("another version is warned about and stops nothing", async () => {
  await connect();
  answers.set("GET /", [200, { product: "Kuma", version: "2.13.0" }]).set("DELETE /meshes/a", [200, {}]);
  expect(await run("delete mesh a")).toEqual({
    code: 0, out: 'deleted Mesh "a"\n', err: "WARNING: You are using kumactl version 2.14.3 for Kuma, but the server returned version: 2.13.0 for Kuma\n",
  });
});

test("a token of the control plane is printed without a newline", async () => {
  await connect();
  answers.set("POST /tokens/dataplane", [200, "a.b.c"]);
  const { out } = await run("generate dataplane-token --name x --valid-for 90m --tag a=1");
  expect([out, seen.at(-1)?.body]).toEqual(["a.b.c", '{"name":"x","mesh":"default","tags":{"a":["1"]},"type":"","workload":"","validFor":"1h30m0s"}']);
});

test("a deprecated flag is mentioned on stderr, the token stays alone", async () => {
  await connect();
  answers.set("POST /tokens/dataplane", [200, "a.b.c"]);
  expect(await run("generate dataplane-token --type ingress --valid-for 1h")).toMatchObject({ out: "a.b.c", err: "Flag --type has been deprecated, please use --proxy-type instead\n" });
});

test("an offline token names its key", async () => {
  await writeFile(join(home, "key.pem"), (await run("generate signing-key --format pem")).out);
  const { out } = await run(`generate user-token --name jane --valid-for 1h --signing-key-path ${join(home, "key.pem")} --kid 7`);
  expect(JSON.parse(Buffer.from(out.split(".")[0] ?? "", "base64url").toString())).toMatchObject({ alg: "RS256", kid: "7" });
});

test("a generated certificate has a subject, and its key is for its owner alone", async () => {
  const [key, cert] = [join(home, "k.pem"), join(home, "c.pem")];
  await run(`generate tls-certificate --type server --hostname localhost,127.0.0.1 --key-type ecdsa --key-file ${key} --cert-file ${cert}`);
  const { X509Certificate } = await import("node:crypto");
  expect([new X509Certificate(await readFile(cert)).subject, (await stat(key)).mode & 0o777]).toEqual(["O=Koguma\nCN=localhost", 0o400]);
});

test("a generated key goes through a link and does not replace it", async () => {
  const [key, link] = [join(home, "key.pem"), join(home, "link.pem")];
  await symlink(key, link);
  await run(`generate tls-certificate --type client --hostname jane --key-type ecdsa --key-file ${link} --cert-file ${join(home, "c.pem")}`);
  expect([(await lstat(link)).isSymbolicLink(), await readFile(key, "utf8")]).toEqual([true, expect.stringContaining("PRIVATE KEY")]);
});

test("an unknown flag shows the usage on stdout", async () => {
  const { code, out, err } = await run("get meshes --bogus=1");
  expect([code, out.split("\n", 2), err]).toEqual([1, ["Usage:", "  kumactl get meshes [flags]"], "Error: unknown flag: --bogus\n"]);
});

test("missing required flags are named without the usage", async () => {
  expect(await run("generate user-token")).toEqual({ code: 1, out: "", err: 'Error: required flag(s) "name", "valid-for" not set\n' });
});

test("a missing argument is counted", async () => {
  expect((await run("get mesh")).err).toBe("Error: accepts 1 arg(s), received 0\n");
});

test("an unknown kind shows the help and succeeds, as scripts may rely on", async () => {
  expect(await run("get frobnicates")).toMatchObject({ code: 0, err: "" });
});

test.each(["--help", "get -h", "help get meshes", "apply --help"])("%s shows the help and succeeds", async (line) => {
  const { code, out, err } = await run(line);
  expect([code, out.includes("Usage:\n  kumactl"), err]).toEqual([0, true, ""]);
});

test("an unknown command fails", async () => {
  expect((await run("bogus")).code).toBe(1);
});

test("version works without a control plane", async () => {
  await run("config control-planes add --name gone --address http://127.0.0.1:1 --skip-check");
  expect(await run("version")).toMatchObject({ code: 0, out: "Client: Kuma 2.14.3\n", err: expect.stringContaining("Unable to connect to control plane: ") as string });
});

test("completion for bash knows the kinds", async () => {
  expect((await run("completion bash")).out).toContain('"get meshtimeout")');
});
