// Templates that Go refuses to compile, in the words that were observed at the reference.
import { expect, test } from "vitest";
import { templateFault } from "./template-faults.ts";

test.each([
  ["{{foo .service}}", 'function "foo" not defined'],
  ["{{ .service | lower }}", 'function "lower" not defined'],
  ["{{}}", "missing value for command"],
  ["{{if .service}}a", "unexpected EOF"],
  ["{{end}}", "unexpected {{end}}"],
  ["{{ else }}", "unexpected {{else}}"],
  ["{{ break }}", "{{break}} outside {{range}}"],
  ['{{ "x }}', "unterminated quoted string"],
  ["{{ ` }}", "unterminated raw quoted string"],
  ["{{ $x }}", 'undefined variable "$x"'],
  ["{{ | }}", 'unexpected "|" in command'],
  ["{{ @ }}", 'unexpected "@" in command'],
  ["{{ .a-b }}", "bad character U+002D '-'"],
  ["{{ .service ) }}", "unexpected right paren"],
])("%s", (template, fault) => {
  expect(templateFault(template)).toBe(fault);
});

test.each(["{{.service}}.mesh", '{{printf "%s-%s" .service .port}}', "{{if .service}}a{{else}}b{{end}}", "{{/* a note */}}a", "{{- .service -}}", '{{ index . "service" }}', '{{ eq .service "a-b" }}', "{{ $x := .service }}{{ $x }}", "{{ (len .service) }}"])("%s compiles", (template) => {
  expect(templateFault(template)).toBeUndefined();
});
