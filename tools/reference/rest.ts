// The page about the REST API, from the document that a control plane itself serves.
import { startTestControlPlane } from "../../test/harness/control-plane.ts";
import { code, page, table } from "./markdown.ts";

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export async function restPage(): Promise<string> {
  const controlPlane = await startTestControlPlane();
  const { paths } = JSON.parse((await controlPlane.get("/openapi.json")).text) as Document;
  await controlPlane.stop();
  const routes = Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
  const tags = [...new Set(routes.map(({ operation }) => operation.tags[0] ?? ""))].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const section = (tag: string): string[] => [
    `## ${tag}`,
    table(["method", "path", "query", "success", ""], routes.filter(({ operation }) => operation.tags[0] === tag).map(({ path, method, operation }) => [
      method, code(path), (operation.parameters ?? []).filter((it) => it.in === "query").map((it) => it.name).join(", "),
      Object.keys(operation.responses).filter((it) => it.startsWith("2") || it === "304").join(", "), meanings.find(([end]) => path === end || (end.startsWith("…") && path.endsWith(end.slice(1))))?.[1] ?? operation.summary,
    ])),
  ];
  return page(
    "REST API", "`/openapi.json`, which every control plane serves",
    "Ports 5681 (HTTP) and 5682 (HTTPS). Bodies are JSON; resources are taken as YAML too. Who may call what: [threat model](../security/threat-model.md).\nErrors are documents with `type`, `status`, `title`, `detail` and, for wrong fields, `invalid_parameters`. Lists have `total`, `items` and `next`, the address of\nthe following page. Reading one resource gives an `ETag`; `If-Match` and `If-None-Match` make writes conditional.\n\nRefusals: 400 wrong content, 401 no good credential, 403 not allowed, 404 not there, 405 not writable here, 406 and 415 no such form, 408 too slow, 409 changed\nmeanwhile, 412 the condition does not hold, 413 and 414 too large.",
    ...tags.flatMap(section),
  );
}

/** What the pages beside resources show; `…` stands for any beginning. */
const meanings: readonly (readonly [end: string, meaning: string])[] = [
  ["/", "product, version, ids of this control plane"],
  ["/config", "the effective configuration, secrets masked"],
  ["/policies", "the kinds that are policies"],
  ["/_resources", "all kinds, their paths and what they can do"],
  ["/_kri/{kri}", "the resource with this identifier"],
  ["/_trust", "certificates, authorities, signing keys and live connections, with their ends"],
  ["/who-am-i", "the user that this request counts as"],
  ["/global-insight", "counts over everything"],
  ["/global-insights", "counts of the global kinds"],
  ["/openapi.json", "this API as OpenAPI"],
  ["…/_overview", "resources together with what is known of them"],
  ["…+insights", "the same as `_overview`, older path"],
  ["…+insights/{name}", "the same as `_overview`, older path"],
  ["…overviews", "the same as `_overview`, older path"],
  ["…overviews/{name}", "the same as `_overview`, older path"],
  ["…/_hostnames", "host names of the service in all zones"],
  ["…/_resources/dataplanes", "proxies that the policy applies to"],
  ["…/_dataplanes", "proxies of the service"],
  ["…/{name}/dataplanes", "proxies that it applies to, with what it is attached to; older form"],
  ["…/{name}/rules", "each rule of the policies with the place where it holds; oldest form of `_rules`"],
  ["…/{name}/policies", "policies of the proxy by what they are attached to; older form"],
  ["…/_rules", "what the policies say for the proxy, merged, with their origins"],
  ["…/_config", "the Envoy configuration of the proxy; `shadow=true&include=diff` shows what shadow policies would change"],
  ["…/_layout", "what the proxy serves and calls"],
  ["…/_refusals", "what the proxy's Envoy has refused, and why"],
  ["…/_routes", "routes of the outbound"],
  ["…/_policies", "policies there, merged, with their origins"],
  ["…/{page}", "of Envoy's admin interface: `xds`, `stats` or `clusters`"],
];

const rank = (tag: string): number => (tag === "Control plane" ? 0 : tag === "Tokens" ? 1 : 2);
