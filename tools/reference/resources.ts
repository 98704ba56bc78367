// A page for every kind of resource: what it is called, its fields, an example. From the kinds' declarations and docs/examples.
import { existsSync, readFileSync } from "node:fs";
import { policyKinds } from "../../src/policies/kinds/index.ts";
import type { Kind } from "../../src/resources/index.ts";
import { coreKinds } from "../../src/resources/kinds/index.ts";
import { noteOf } from "./field-notes.ts";
import { fieldsOf, type FieldRow } from "./fields.ts";
import { code, page, table } from "./markdown.ts";

export const documentedKinds: readonly Kind[] = [...coreKinds, ...policyKinds].filter((kind) => kind.path !== "").toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Files by their path below docs/reference. */
export function resourcePages(): Map<string, string> {
  const pages = new Map(documentedKinds.map((kind) => [`resources/${kind.name}.md`, kindPage(kind)]));
  pages.set("resources/README.md", index());
  return pages;
}

function index(): string {
  const rows = (kinds: readonly Kind[]) => kinds.map((kind) => [`[${kind.name}](${kind.name}.md)`, kind.scope === "Mesh" ? "one mesh" : "all", code(kind.path), code([kind.singular, kind.singularAlias ?? ""].filter(Boolean).join(", ")), code(kind.shortName)]);
  const header = ["kind", "belongs to", "path", "kumactl", "short name"];
  const [policies, written, read] = [documentedKinds.filter((it) => it.isPolicy), documentedKinds.filter((it) => !it.isPolicy && !it.readOnly), documentedKinds.filter((it) => it.readOnly)];
  return page(
    "Resources", "the kinds' declarations (`src/resources/kinds`, `src/policies`)",
    "A resource has `type`, `name`, `mesh` (when it belongs to one) and maybe `labels`; beside them stand its fields, or they are under `spec`. `status`, the\ntimes and the label `kuma.io/origin` are the control plane's.",
    "## Policies", table(header, rows(policies)), "## Others that you write", table(header, rows(written)), "## Written by the control plane", table(header, rows(read)),
  );
}

function kindPage(kind: Kind): string {
  const collection = kind.scope === "Mesh" ? `/meshes/{mesh}/${kind.path}` : `/${kind.path}`;
  const facts = table(["", ""], [
    ["belongs to", kind.scope === "Mesh" ? "one mesh" : "the control plane"],
    ["REST", `${code(collection)}, one: ${code(`${collection}/{name}`)}${kind.scope === "Mesh" ? `, of all meshes: ${code(`/${kind.path}`)}` : ""}${kind.pathAlias ? `; also ${code(kind.pathAlias)}` : ""}`],
    ...(kind.singular ? [["kumactl", `${code(`get ${kind.plural}`)}, ${code(`get ${kind.singular} NAME`)}, ${code(`delete ${kind.singular} NAME`)}${kind.legacyInspection ? `, ${code(`inspect ${kind.singular} NAME`)}` : ""}`]] : []),
    ...(kind.shortName ? [["in identifiers (KRI)", code(kind.shortName)]] : []),
    ...(kind.adminOnly ? [["access", "administrators only (`access.static.adminResources`)"]] : []),
    ...(kind.readOnly ? [["written by", "the control plane only"]] : []),
    ...(kind.policy?.isTargetRef ? [["sections", ["to", "from", "rules"].filter((it) => kind.policy?.[`has${it.charAt(0).toUpperCase()}${it.slice(1)}` as "hasTo" | "hasFrom" | "hasRules"]).map(code).join(", ") || code("default")]] : []),
  ]);
  const file = `docs/examples/${kind.name}.yaml`;
  const envoy = `src/policies/${dashed(kind.name)}/${dashed(kind.name)}.md`;
  return page(
    kind.name, "its declaration", facts,
    existsSync(envoy) ? `What it does in Envoy: [${dashed(kind.name)}.md](../../../${envoy}).` : "",
    "## Fields", fieldTable(kind),
    ...(existsSync(file) ? ["## Example", `\`\`\`yaml\n${readFileSync(file, "utf8").replace(/-----BEGIN [\s\S]*?-----END CERTIFICATE-----/, "-----BEGIN CERTIFICATE-----\n          ...").trimEnd()}\n\`\`\``] : []),
  );
}

const dashed = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "-").toLowerCase();

/** A part that looks like one above is named once. */
function fieldTable(kind: Kind): string {
  const all = fieldsOf(kind);
  const seen = new Map<string, string>();
  const rows: string[][] = [];
  let hidden: string | undefined;
  for (const [at, row] of all.entries()) {
    if (hidden !== undefined && isBelow(row.path, hidden)) continue;
    hidden = undefined;
    const below = all.slice(at + 1).filter((it) => isBelow(it.path, row.path));
    const shape = below.length > 3 ? below.map((it) => `${it.path.slice(row.path.length)} ${it.type} ${it.fallback}`).join("\n") : "";
    const twin = shape ? seen.get(shape) : undefined;
    if (shape && twin === undefined) seen.set(shape, row.path);
    if (twin !== undefined) hidden = row.path;
    rows.push(cells(kind, row, twin));
  }
  return table(["field", "type", "default", "meaning"], rows);
}

const isBelow = (path: string, above: string): boolean => path.startsWith(`${above}.`) || path.startsWith(`${above}[]`);

const cells = (kind: Kind, { path, type, isRequired, fallback }: FieldRow, twin: string | undefined): string[] => [
  code(path), `${type}${isRequired ? ", required" : ""}`, code(fallback), `${noteOf(kind.name, path) ?? ""}${twin === undefined ? "" : `; fields as in ${code(twin)}`}`,
];
