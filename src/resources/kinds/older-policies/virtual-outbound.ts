// The meaning of a VirtualOutbound: parameters, and that host and port come out right when they are filled in.
import type { VirtualOutbound, VirtualOutbound_Conf, VirtualOutbound_Conf_TemplateParameter as Parameter } from "#gen/kuma/mesh/v1alpha1/older_policies_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { tag } from "../../resource.ts";
import { isDnsName, isPort } from "../field-rules.ts";
import { when } from "./checks.ts";
import { validateSelectors } from "./selectors.ts";
import { templateFault } from "./template-faults.ts";

export function validateVirtualOutbound({ selectors, conf }: VirtualOutbound): readonly Violation[] {
  return [...validateSelectors("selectors", selectors, { needsService: false }), ...(conf ? validateConf(conf) : [violation("conf", "has to be defined")])];
}

function validateConf({ host, port, parameters }: VirtualOutbound_Conf): readonly Violation[] {
  return [
    ...validateParameters(parameters),
    ...validateTemplate("conf.host", host, parameters, "dummy", (text) =>
      isDnsName(text) ? undefined : `evaluation of template with parameters didn't return a valid dns name result=${JSON.stringify(text)}`,
    ),
    ...validateTemplate("conf.port", port, parameters, "1", (text) => {
      if (!/^\d+$/.test(text)) return `evaluation of template with parameters didn't evaluate to a parsable number result=${JSON.stringify(text)}`;
      return isPort(Number(text)) ? undefined : `evaluation of template returned a port outside of the range [1..65535] result=${text}`;
    }),
  ];
}

function validateParameters(parameters: readonly Parameter[]): readonly Violation[] {
  const each = parameters.flatMap(({ name, tagKey }, index) => {
    const at = `conf.parameters[${index}]`;
    return [
      ...when(parameters.slice(0, index).some((it) => it.name === name), `${at}.name`, "name is already used"),
      ...when(!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(name), `${at}.name`, "must consist of alphanumeric characters to be used as a gotemplate key"),
      ...when(!/^[a-zA-Z0-9.\-_:/]*$/.test(tagKey), `${at}.tagKey`, "must be a valid tag name"),
    ];
  });
  const namesService = parameters.some((it) => it.tagKey === tag.service);
  return [...each, ...when(!namesService, "conf.parameters", `must contain a parameter with ${tag.service} as a tagKey`)];
}

/** Fills in `{{.name}}`; of templates that use more of Go's language only what does not compile is refused. */
function validateTemplate(field: string, template: string, parameters: readonly Parameter[], sample: string, problemOf: (text: string) => string | undefined): readonly Violation[] {
  if (template === "") return [violation(field, "has to be defined")];
  const failed = (text: string) => [violation(field, `template pre evaluation failed with error=${JSON.stringify(text)}`)];
  const filled = template.replaceAll(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) => (parameters.some((it) => it.name === name) ? sample : "<no value>"));
  if (filled.includes("{{")) {
    const fault = filled.includes("}}") ? templateFault(template) : "unclosed action";
    return fault === undefined ? [] : failed(`failed compiling gotemplate error=${JSON.stringify(`template: :1: ${fault}`)}`);
  }
  const problem = problemOf(filled);
  return problem === undefined ? [] : failed(problem);
}
