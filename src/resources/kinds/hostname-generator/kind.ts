// HostnameGenerator: gives destinations their host names from a template.
import { z } from "zod";
import { violation, type Violation } from "../../failure.ts";
import { defineKind } from "../../kind.ts";
import { isSubdomain, subdomainText } from "../../names.ts";
import type { Resource } from "../../resource.ts";
import { parseTemplate, renderTemplate } from "../go-template.ts";
import { extensionConfig, matchLabels } from "../status.ts";

const byLabels = z.object({ matchLabels: matchLabels.optional() }).optional();
const spec = z.object({
  selector: z.object({ meshService: byLabels, meshExternalService: byLabels, meshMultiZoneService: byLabels }).optional(),
  template: z.string(),
  extension: z.object({ type: z.string(), config: extensionConfig }).optional(),
});
export type HostnameGeneratorSpec = z.infer<typeof spec>;
export type HostnameGenerator = Resource<HostnameGeneratorSpec>;

export const hostnameGeneratorKind = defineKind<HostnameGeneratorSpec>({
  name: "HostnameGenerator",
  scope: "Global",
  path: "hostnamegenerators",
  shortName: "hg",
  singular: "hostnamegenerator",
  plural: "hostnamegenerators",
  displayName: "Hostname Generator",
  displayNamePlural: "Hostname Generators",
  kds: { globalToZones: true, zoneToGlobal: true },
  systemNamespaceOnly: true,
  spec,
  validate: validateHostnameGenerator,
});

function validateHostnameGenerator({ selector = {}, template, extension }: HostnameGeneratorSpec): readonly Violation[] {
  const chosen = [selector.meshService, selector.meshExternalService, selector.meshMultiZoneService].filter((it) => it !== undefined);
  return [
    ...(chosen.length === 1 ? [] : [violation("spec.selector", "exact one selector (meshService, meshExternalService) must be defined")]),
    ...validateTemplate(template),
    ...(extension?.type === "" ? [violation("spec.extension.type", "must not be empty")] : []),
  ];
}

const stub = { fields: { Name: "name", DisplayName: "display-name", Namespace: "namespace", Mesh: "mesh", Zone: "zone" }, label: () => "label" };

function validateTemplate(template: string): readonly Violation[] {
  const wrong = (message: string) => [violation("spec.template", message)];
  if (template === "") return wrong("must not be empty");
  const parsed = parseTemplate(template);
  if ("error" in parsed) return wrong(`couldn't parse template: ${parsed.error}`);
  const rendered = renderTemplate(template, stub);
  if ("error" in rendered) return wrong(`couldn't render template with stub values: ${rendered.error}`);
  return isSubdomain(rendered.text) ? [] : wrong(`template renders to "${rendered.text}" which is not a valid DNS name: ${subdomainText}`);
}
