// `kumactl export`: the resources of a control plane as documents for another one, such as a new global control plane.
import type { CommandSpec } from "#platform/command-line";
import { printItem } from "../documents/get.ts";
import { objectAt, textAt, type Json } from "../documents/rows.ts";
import { printYaml } from "../output/yaml.ts";
import { about } from "../server/about.ts";
import type { ControlPlaneClient } from "../server/client.ts";
import type { Session } from "../session.ts";
import { listAll } from "./list.ts";
import { forFederation, isFederation, kindsOf, ordered, profiles, type Exported, type ExportedKind, type Profile } from "./profile.ts";

export function exportCommand(session: Session): CommandSpec {
  const { world } = session;
  return {
    name: "export",
    summary: "Print the resources of a control plane, to be applied to another",
    examples: "$ kumactl export --profile federation > federation.yaml\n$ kumactl export --profile all --include-admin --format kubernetes",
    argumentCount: 0,
    flags: [
      { name: "format", short: "f", type: "string", help: "universal or kubernetes", fallback: "universal" },
      { name: "include-admin", short: "a", type: "bool", help: "secrets too; the federation profiles always hold them" },
      { name: "profile", short: "p", type: "string", help: profiles.join(", "), fallback: "federation" },
      { name: "system-namespace", short: "n", type: "string", help: "namespace of the control plane, for --format kubernetes", fallback: "kuma-system" },
    ],
    before: () => session.checkVersion(),
    async run({ flags }) {
      const client = await session.client();
      const resources = await resourceKinds(client);
      world.out(`${await headline(client)}\n`);
      const [profile, format] = [oneOf(profiles, "profile", flags.text("profile")), oneOf(["universal", "kubernetes"], "format", flags.text("format"))];
      const kinds = kindsOf(resources, { profile, includesAdmin: flags.isSet("include-admin") });
      const documents = ordered(await everything(client, kinds, profile, world.progress));
      if (format === "kubernetes") return printKubernetes(client, documents, { profile, namespace: flags.text("system-namespace") }, world.out);
      for (const { item } of documents) world.out(`---\n${await printItem("yaml", { shape: "spec" in item ? "spec" : "flat" }, item)}`);
    },
  };
}

function oneOf<T extends string>(all: readonly T[], what: string, text: string): T {
  const found = all.find((it) => it === text);
  if (found === undefined) throw new Error(`invalid ${what}: "${text}"`);
  return found;
}

async function headline(client: ControlPlaneClient): Promise<string> {
  const { document } = await about(client);
  const facts = { Product: "product", Version: "version", Hostname: "hostname", ClusterId: "clusterId", InstanceId: "instanceId" };
  return `# ${Object.entries(facts).map(([name, field]) => `${name}: ${textAt(document, field)}`).join(", ")}`;
}

const resourceKinds = async (client: ControlPlaneClient): Promise<Json> => objectAt((await client.request({ path: "/_resources" })).json());

async function everything(client: ControlPlaneClient, kinds: readonly ExportedKind[], profile: Profile, progress: ((text: string) => void) | undefined): Promise<Exported[]> {
  const found: Exported[] = [];
  for (const [at, kind] of kinds.entries()) {
    progress?.(`${at + 1} of ${kinds.length} kinds: ${kind.path}`);
    for (const item of await listAll(client, `/${kind.path}`)) found.push({ kind, item: forFederation(kind, item, profile) });
  }
  progress?.("");
  return found;
}

/** The control plane says what each looks like as an object of Kubernetes; what only one cluster can know is left out. */
async function printKubernetes(client: ControlPlaneClient, documents: readonly Exported[], wanted: { readonly profile: Profile; readonly namespace: string }, out: (text: string) => void): Promise<void> {
  let isFirst = true;
  for (const { kind, item } of documents) {
    const base = kind.scope === "Mesh" ? `/meshes/${encodeURIComponent(textAt(item, "mesh"))}` : "";
    const answer = await client.request({ path: `${base}/${kind.path}/${encodeURIComponent(textAt(item, "name"))}?format=k8s` });
    const object = forFederation(kind, objectAt(answer.json()), wanted.profile);
    const namespace = textAt(object, "metadata", "namespace");
    if (isFederation(wanted.profile) && namespace !== "" && namespace !== wanted.namespace) continue;
    out(`${isFirst ? "" : "---\n"}${printYaml(portable(object))}`);
    isFirst = false;
  }
}

const ofOneCluster = ["resourceVersion", "uid", "ownerReferences", "generation", "managedFields"];

function portable(object: Json): Json {
  const metadata = Object.entries(objectAt(object, "metadata")).filter(([name]) => !ofOneCluster.includes(name));
  return { ...object, metadata: Object.fromEntries(metadata) };
}
