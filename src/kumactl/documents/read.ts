// What `kumactl apply` is given: a file, a directory, a URL or the standard input, split into documents with their variables filled in.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { httpClient } from "#security";
import { reasonOfConnection } from "../server/reason.ts";
import { reasonOfFile, userAgent, type World } from "../program.ts";

const urlTimeoutMs = 10_000;

export async function readInput(from: string, world: World): Promise<string> {
  if (from === "-") return world.stdin();
  if (/^https?:\/\//.test(from)) return readUrl(from, world);
  try {
    return (await stat(from)).isDirectory() ? await readDirectory(from) : await readFile(from, "utf8");
  } catch (error) {
    throw new Error(`error while reading provided file: ${reasonOfFile(error)}`, { cause: error });
  }
}

async function readUrl(from: string, world: World): Promise<string> {
  const { origin, pathname, search } = new URL(from);
  const environment = { SSL_CERT_FILE: world.env["SSL_CERT_FILE"], SSL_CERT_DIR: world.env["SSL_CERT_DIR"] };
  const client = httpClient({ url: origin, timeoutMs: urlTimeoutMs, userAgent: userAgent(), environment });
  try {
    const { status, body } = await client.request({ path: `${pathname}${search}` }).catch((error: unknown) => {
      throw new Error(`error with GET http request: Get "${from}": ${reasonOfConnection(error)}`, { cause: error });
    });
    if (status !== 200) throw new Error("error while retrieving URL");
    return body.toString("utf8");
  } finally {
    client.close();
  }
}

/** The files of the directory itself, in the order of their names; a link to a directory is passed over. */
async function readDirectory(directory: string): Promise<string> {
  const texts: string[] = [];
  for (const name of (await readdir(directory)).toSorted()) {
    const path = join(directory, name);
    if (!/\.(ya?ml|json)$/i.test(name) || (await stat(path)).isDirectory()) continue;
    texts.push(await readFile(path, "utf8"));
  }
  return texts.join("\n---\n");
}

export interface InputDocument {
  /** Its place in the input; empty documents do not count. */
  readonly index: number;
  readonly text: string;
}

/** Documents stand between lines that begin with `---`, whose blank lines belong to the mark; empty ones and lone comments are passed over. */
export function splitDocuments(text: string): InputDocument[] {
  return text
    .trim()
    .split(/(?:^|\s*\n)---\s*/)
    .map((part) => part.replace(/^#[^\n]*$/, ""))
    .filter((part) => part !== "")
    .map((part, index) => ({ index, text: part.trim() }));
}

/** `a.b=1` is `{ a: { b: "1" } }`: what `{{a.b}}` reads. */
export function nestedVariables(variables: ReadonlyMap<string, string>): Readonly<Record<string, unknown>> {
  const root = emptyObject();
  for (const [path, value] of variables) {
    const parts = path.split(".");
    const last = parts.pop() ?? "";
    let holder = root;
    for (const part of parts) {
      const inner = holder[part];
      const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : emptyObject();
      holder[part] = next;
      holder = next;
    }
    holder[last] = value;
  }
  return root;
}

// Without a prototype, `{{constructor}}` reads nothing.
const emptyObject = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>;

/** Without variables nothing is rendered: the text may hold braces of its own. */
export async function fillIn(text: string, variables: ReadonlyMap<string, string>): Promise<string> {
  if (variables.size === 0) return text;
  const { default: mustache } = await import("mustache");
  return mustache.render(text, nestedVariables(variables));
}
