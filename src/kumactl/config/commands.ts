// `kumactl config`: the known control planes, looked at and changed.
import { reasonOf } from "#platform";
import type { Call, CommandSpec } from "#platform/command-line";
import { table } from "../output/table.ts";
import { product } from "../program.ts";
import type { Session } from "../session.ts";
import { activeControlPlane, printConfiguration, withoutSecrets, switchedTo, withControlPlane, withoutControlPlane, type ApiServer } from "./config.ts";

export function configCommand(session: Session): CommandSpec {
  const { out } = session.world;
  const name = { name: "name", type: "string", required: true, help: "name of the control plane (required)" } as const;
  return {
    name: "config",
    summary: "Say which control planes there are and which one to use",
    commands: [
      {
        name: "view", summary: "Print the configuration", argumentCount: 0,
        flags: [{ name: "show-secrets", type: "bool", help: "print tokens and headers with credentials too, as Kuma does" }],
        run({ flags }) {
          const showsSecrets = flags.isSet("show-secrets") || session.world.env["KUMA_COMPATIBILITY"] === "kuma";
          const configuration = session.configuration();
          out(`${printConfiguration(showsSecrets ? configuration : withoutSecrets(configuration))}\n`);
        },
      },
      {
        name: "control-planes",
        summary: "Add, list, switch and remove control planes",
        commands: [
          addCommand(session),
          { name: "list", summary: "List the control planes", argumentCount: 0, run: () => out(list(session)) },
          {
            name: "remove", summary: "Remove a control plane", argumentCount: 0, flags: [name],
            async run({ flags }) {
              const after = withoutControlPlane(session.configuration(), flags.text("name"));
              await session.save(after);
              out(`removed Control Plane "${flags.text("name")}"\n`);
              if (after.currentContext) out(`switched active Control Plane to "${activeControlPlane(after).name}"\n`);
              else out("there is no active Control Plane left. Use `kumactl config control-planes add` to add a Control Plane and make it active\n");
            },
          },
          {
            name: "switch", summary: "Make a control plane the active one", argumentCount: 0, flags: [name],
            async run({ flags }) {
              await session.save(switchedTo(session.configuration(), flags.text("name")));
              out(`switched active Control Plane to "${flags.text("name")}"\n`);
            },
          },
        ],
      },
    ],
  };
}

function list(session: Session): string {
  const configuration = session.configuration();
  const active = configuration.contexts.find((it) => it.name === configuration.currentContext)?.controlPlane;
  const rows = configuration.controlPlanes.map((it) => [it.name === active ? "*" : "", it.name, it.coordinates?.apiServer?.url ?? ""]);
  return table(["ACTIVE", "NAME", "ADDRESS"], rows);
}

function addCommand(session: Session): CommandSpec {
  return {
    name: "add",
    summary: "Add a control plane and make it the active one",
    argumentCount: 0,
    flags: [
      { name: "name", type: "string", required: true, help: "how you call it (required)" },
      { name: "address", type: "string", required: true, help: "URL of its API, such as https://localhost:5682 (required)" },
      { name: "overwrite", type: "bool", help: "replace a control plane of the same name" },
      { name: "ca-cert-file", type: "string", help: "file with the CA certificates to verify it by, instead of the system's; only the path is stored" },
      { name: "client-cert-file", type: "string", help: "file with the certificate that proves who you are; only the path is stored" },
      { name: "client-key-file", type: "string", help: "file with the key of that certificate; only the path is stored" },
      { name: "skip-verify", type: "bool", help: "do not verify the control plane: anybody on the way can pose as it" },
      { name: "headers", type: "map", help: "headers to send with every call, as key=value" },
      { name: "auth-type", type: "string", help: "how to authenticate: tokens" },
      { name: "auth-conf", type: "map", help: "what the authentication needs: token=YOUR_TOKEN" },
      { name: "skip-check", type: "bool", help: "do not try to connect first" },
    ],
    async run(call) {
      const { out } = session.world;
      const name = call.flags.text("name");
      const server = apiServerOf(call);
      const isKnown = session.configuration().controlPlanes.some((it) => it.name === name);
      if (isKnown && !call.flags.isSet("overwrite")) throw new Error(`Control Plane with name "${name}" already exists. Use --overwrite to replace an existing one.`);
      if (!call.flags.isSet("skip-check")) await tryToConnect(session, server);
      await session.save(withControlPlane(session.configuration(), { name, coordinates: { apiServer: server } }));
      out(`added Control Plane "${name}"\nswitched active Control Plane to "${name}"\n`);
    },
  };
}

function apiServerOf({ flags }: Call): ApiServer {
  const url = flags.text("address");
  const problem = urlProblem(url);
  if (problem) throw new Error(`API Server URL is invalid: parse "${url}": ${problem}`);
  const [certFile, keyFile] = [flags.text("client-cert-file"), flags.text("client-key-file")];
  if ((certFile === "") !== (keyFile === "")) throw new Error("Both --client-cert-file and --client-key-file needs to be specified");
  const type = flags.text("auth-type");
  if (type && type !== "tokens") throw new Error(`authentication plugin of type "${type}" is not found`);
  const authConf = flags.map("auth-conf");
  if (type === "tokens" && !authConf.get("token")) throw new Error("--auth-conf is not valid: provide token=YOUR_TOKEN");
  const headers = [...flags.map("headers")].map(([key, value]) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const caCertFile = flags.text("ca-cert-file");
  return {
    url,
    ...(caCertFile ? { caCertFile } : {}),
    ...(certFile ? { clientCertFile: certFile, clientKeyFile: keyFile } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(type ? { authType: type, authConf: Object.fromEntries(authConf) } : {}),
    ...(flags.isSet("skip-verify") ? { skipVerify: true } : {}),
  };
}

function urlProblem(text: string): string | undefined {
  if (text.startsWith(":")) return "missing protocol scheme";
  const url = /^[a-z][a-z0-9+.-]*:\/\/./i.test(text) ? URL.parse(text) : undefined;
  if (!url) return "invalid URI for request";
  return url.protocol === "http:" || url.protocol === "https:" ? undefined : `unsupported scheme "${url.protocol.slice(0, -1)}", must be http or https`;
}

async function tryToConnect(session: Session, server: ApiServer): Promise<void> {
  const { productOf } = await import("../server/about.ts");
  const client = await session.strangerClient(server);
  const answer = await client.request({ path: "/" }).then((it) => it.json()).catch((error: unknown) => {
    throw new Error(`could not connect to the Control Plane API Server: ${reasonOf(error)}`, { cause: error });
  });
  const theirs = productOf((typeof answer === "object" && answer !== null ? answer : {}) as Readonly<Record<string, unknown>>);
  if (theirs === product) return;
  throw new Error(`this CLI is for ${product} but the control plane you're connected to is ${theirs}. Please use the CLI for your control plane`);
}
