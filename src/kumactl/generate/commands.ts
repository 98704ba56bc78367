// `kumactl generate`: tokens from the control plane or signed here, keys, certificates.
import type { Call, CommandSpec } from "#platform/command-line";
import type { Flag } from "#platform/command-line";
import { formatDuration, reasonOf } from "#platform";
import { reasonOfFile } from "../program.ts";
import { ApiError } from "../server/client.ts";
import type { Session } from "../session.ts";
import type { SignedContent } from "./keys.ts";
import { tlsCertificateCommand } from "./tls-certificate.ts";

export function generateCommand(session: Session): CommandSpec {
  return {
    name: "generate",
    summary: "Generate tokens, keys and certificates",
    commands: [dataplaneToken(session), zoneToken(session), userToken(session), signingKey(session), publicKey(session), tlsCertificateCommand(session)],
  };
}

const tokenFlags: readonly Flag[] = [
  { name: "valid-for", type: "duration", required: true, help: "how long the token is good, such as 24h (required)" },
  { name: "signing-key-path", type: "string", help: "sign with the private key of this file; the control plane is not asked" },
  { name: "kid", type: "string", help: "id of that key; needed with --signing-key-path" },
];

function dataplaneToken(session: Session): CommandSpec {
  return {
    name: "dataplane-token",
    summary: "Generate a token that proves who a data plane proxy is",
    argumentCount: 0,
    examples: "$ kumactl generate dataplane-token --mesh demo --name web-1 --valid-for 720h\n$ kumactl generate dataplane-token --mesh demo --tag kuma.io/service=web --valid-for 720h",
    flags: [
      { name: "mesh", short: "m", type: "string", help: "the mesh", fallback: "default" },
      { name: "name", type: "string", help: "only for the proxy of this name" },
      { name: "proxy-type", type: "string", help: "dataplane or ingress" },
      { name: "type", type: "string", help: "older name of --proxy-type", deprecated: "please use --proxy-type instead" },
      { name: "tag", type: "map", help: "only for proxies with this tag; several values: --tag '\"kuma.io/service=web,api\"'" },
      { name: "workload", type: "string", help: "only for proxies of this workload" },
      ...tokenFlags,
    ],
    async run(call) {
      const { flags } = call;
      const tags = Object.fromEntries([...flags.map("tag")].map(([name, values]) => [name, values.split(",")]));
      if (flags.number("valid-for") === 0) throw new Error("failed to generate a dataplane token: You must set a token validFor value");
      const type = flags.text("proxy-type") || flags.text("type");
      const body = { name: flags.text("name"), mesh: flags.text("mesh"), tags, type, workload: flags.text("workload") };
      await token(session, call, "dataplane", body, { kind: "dataplane", ...body });
    },
  };
}

const zoneScopes = ["ingress", "egress"];

function zoneToken(session: Session): CommandSpec {
  return {
    name: "zone-token",
    summary: "Generate a token that proves who a zone proxy is",
    argumentCount: 0,
    examples: "$ kumactl generate zone-token --zone west --valid-for 720h\n$ kumactl generate zone-token --zone west --scope egress --valid-for 720h --signing-key-path key.pem --kid 1",
    flags: [
      { name: "zone", type: "string", required: true, help: "name of the zone (required)" },
      { name: "scope", type: "strings", help: "what the token is good for", fallback: zoneScopes.join(",") },
      ...tokenFlags,
    ],
    async run(call) {
      const scope = call.flags.list("scope");
      const unknown = scope.filter((it) => !zoneScopes.includes(it));
      if (unknown.length > 0) throw new Error(`invalid --scope values: [${unknown.join(" ")}] (supported scopes: [${zoneScopes.join(" ")}])`);
      const body = { zone: call.flags.text("zone"), scope };
      await token(session, call, "zone", body, { kind: "zone", ...body });
    },
  };
}

function userToken(session: Session): CommandSpec {
  return {
    name: "user-token",
    summary: "Generate a token that proves who a user is",
    examples: "$ kumactl generate user-token --name jane --group mesh-admins --valid-for 24h",
    flags: [
      { name: "name", type: "string", required: true, help: "name of the user (required)" },
      { name: "group", type: "strings", help: "a group of the user; may be repeated" },
      ...tokenFlags,
    ],
    async run(call) {
      const [name, groups] = [call.flags.text("name"), call.flags.list("group")];
      await token(session, call, "user", { name, groups: groups.length > 0 ? groups : null }, { kind: "user", name, groups });
    },
  };
}

async function token(session: Session, { flags }: Call, kind: string, body: object, content: SignedContent): Promise<void> {
  const [path, kid, validForMs] = [flags.text("signing-key-path"), flags.text("kid"), flags.number("valid-for")];
  if (path && !kid) throw new Error("--kid is required when --signing-key-path is used");
  if (kid && !path) throw new Error("--kid cannot be used when --signing-key-path is used");
  if (validForMs < 0) throw new Error("--valid-for must not be negative: the token would be expired from the start");
  if (path) {
    const { signToken } = await import("./keys.ts");
    return session.world.out(await signToken(content, { privatePem: await readKey(path), kid, validForMs, now: session.world.now() }));
  }
  await session.checkVersion();
  const client = await session.client(kind === "user" ? undefined : `${kind} token`);
  const answer = await client.request({ method: "POST", path: `/tokens/${kind}`, body: { ...body, validFor: formatDuration(validForMs) }, expects: "text" }).catch((error: unknown) => {
    throw error instanceof ApiError ? error : new Error(`failed to generate a ${kind} token: could not execute the request: ${reasonOf(error)}`, { cause: error });
  });
  session.world.out(answer.text);
}

async function readKey(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(path, "latin1").catch((error: unknown) => {
    throw new Error(reasonOfFile(error), { cause: error });
  });
}

function signingKey({ world }: Session): CommandSpec {
  return {
    name: "signing-key",
    summary: "Generate a key that tokens are signed with",
    argumentCount: 0,
    examples: "$ kumactl apply -f - --var key=$(kumactl generate signing-key) <<EOF\ntype: GlobalSecret\nname: user-token-signing-key-2\ndata: {{ key }}\nEOF",
    flags: [{ name: "format", type: "string", help: "pem-base64 (fits into a Secret) or pem", fallback: "pem-base64" }],
    async run({ flags }) {
      const format = flags.text("format");
      if (format !== "pem" && format !== "pem-base64") throw new Error("invalid format");
      const pem = await (await import("./keys.ts")).newSigningKey();
      world.out(format === "pem" ? pem : Buffer.from(pem).toString("base64"));
    },
  };
}

function publicKey({ world }: Session): CommandSpec {
  return {
    name: "public-key",
    summary: "Print the public half of a signing key",
    argumentCount: 0,
    examples: "$ kumactl generate signing-key --format pem > key.pem\n$ kumactl generate public-key --signing-key-path key.pem > public.pem",
    flags: [{ name: "signing-key-path", type: "string", required: true, help: "file with the private key (required)" }],
    async run({ flags }) {
      const pem = await readKey(flags.text("signing-key-path")).catch((error: unknown) => {
        throw new Error(`could not read a signing key file: ${reasonOf(error)}`, { cause: error });
      });
      world.out((await import("./keys.ts")).publicHalf(pem));
    },
  };
}
