// `kumactl apply`: all documents are checked before the first is sent; the first refusal of the control plane ends it.
import { reasonOf } from "#platform";
import type { CommandSpec } from "#platform/command-line";
import { apiError, type ControlPlaneClient } from "../server/client.ts";
import type { Session } from "../session.ts";
import type { CheckedResource } from "./check.ts";
import { printItem } from "./get.ts";
import { itemPath } from "./paths.ts";
import { fillIn, readInput, splitDocuments } from "./read.ts";
import { listAt } from "./rows.ts";

export function applyCommand(session: Session): CommandSpec {
  const { world } = session;
  return {
    name: "apply",
    summary: "Create or change resources",
    argumentCount: 0,
    flags: [
      { name: "file", short: "f", type: "string", valueName: "-", required: true, help: "a file, a directory (its .yaml, .yml and .json files), a URL, or - for the standard input" },
      { name: "var", short: "v", type: "map", help: "value for a {{ variable }} of the documents, as key=value" },
      { name: "dry-run", type: "bool", help: "check the documents and print them instead of sending them" },
    ],
    examples: "$ kumactl apply -f resource.yaml\n$ kumactl apply -f resources/ --dry-run\n$ generate-resource | kumactl apply -f - -v env=prod",
    before: () => session.checkVersion(),
    async run({ flags }) {
      const input = await readInput(flags.text("file"), world);
      if (input === "") throw new Error("no resource(s) passed to apply");
      const resources = await checkAll(input, flags.map("var"), world.err);
      if (flags.isSet("dry-run")) return world.out(await printAll(resources));
      const client = await session.client();
      for (const resource of resources) {
        const { done, warnings } = await send(client, resource);
        world.out(done);
        for (const warning of warnings) world.err(`Warning: ${warning}\n`);
      }
    },
  };
}

async function checkAll(input: string, variables: ReadonlyMap<string, string>, err: (text: string) => void): Promise<CheckedResource[]> {
  const { checkDocument } = await import("./check.ts");
  const resources: CheckedResource[] = [];
  let isValid = true;
  for (const { index, text } of splitDocuments(input)) {
    const result = checkDocument(await fillIn(text, variables));
    if (!("problem" in result)) {
      resources.push(result);
      continue;
    }
    isValid = false;
    err(`resource[${index}]: ${result.problem}\n`);
  }
  if (!isValid) throw new Error("failed to validate some resources");
  return resources;
}

async function printAll(resources: readonly CheckedResource[]): Promise<string> {
  const texts = await Promise.all(resources.map((it) => printItem("yaml", it.kind, it.document)));
  return texts.join("---\n");
}

async function send(client: ControlPlaneClient, resource: CheckedResource): Promise<{ readonly done: string; readonly warnings: readonly string[] }> {
  const title = `resource type="${resource.kind.name}" mesh="${resource.mesh}" name="${resource.name}"`;
  const path = itemPath(resource.kind, resource.mesh, resource.name);
  try {
    const before = await client.send({ path });
    if (before.status !== 200 && before.status !== 404) throw apiError(before);
    const answer = await client.request({ method: "PUT", path, body: withoutStatus(resource.document) });
    return { done: `${title} ${before.status === 404 ? "Created" : "Updated"}\n`, warnings: warningsOf(answer.text) };
  } catch (error) {
    throw new Error(`${title}: failed server side: ${reasonOf(error)}`, { cause: error });
  }
}

/** Only the control plane writes a status. */
function withoutStatus(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { status: _, ...rest } = document;
  return rest;
}

/** An answer without a readable body has none. */
function warningsOf(text: string): readonly string[] {
  try {
    return listAt(JSON.parse(text), "warnings").map(String);
  } catch {
    return [];
  }
}
