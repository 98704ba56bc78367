// Bodies: UTF-8, JSON, and every key once. What two readers could understand differently is refused, not repaired.
import { isUtf8 } from "node:buffer";
import { reasonOf } from "#platform";

export type JsonBody = { readonly is: "json"; readonly value: unknown } | { readonly is: "refused"; readonly reason: string };

const refused = (reason: string): JsonBody => ({ is: "refused", reason });

export function readJson(body: unknown): JsonBody {
  if (!Buffer.isBuffer(body) || body.byteLength === 0) return refused("unexpected end of JSON input");
  if (!isUtf8(body)) return refused("the body is not UTF-8");
  const text = body.toString();
  if (text.trim() === "") return refused("unexpected end of JSON input");
  try {
    const value: unknown = JSON.parse(text);
    const twice = keyGivenTwice(text);
    return twice === undefined ? { is: "json", value } : refused(`key ${JSON.stringify(twice)} is given twice`);
  } catch (error) {
    return refused(syntaxReason(error, text));
  }
}

/** In the words of the reference where it is plain that the text was cut off. */
function syntaxReason(error: unknown, text: string): string {
  const reason = reasonOf(error);
  const isCutOff = /end of JSON input|^Expected .* at position (\d+)/.exec(reason);
  return isCutOff && (isCutOff[1] === undefined || Number(isCutOff[1]) >= text.trimEnd().length) ? "unexpected end of JSON input" : reason;
}

/** `text` is JSON already. Parsers keep the last of two equal keys and say nothing: what a person sees first may not be what holds. */
function keyGivenTwice(text: string): string | undefined {
  /** Keys of the objects around the current place; undefined for a list. */
  const around: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") {
      around.push(character === "{" ? new Set() : undefined);
      expectsKey = character === "{";
    } else if (character === "}" || character === "]") around.pop();
    else if (character === ",") expectsKey = around.at(-1) !== undefined;
    else if (character === '"') {
      const end = endOfString(text, at);
      if (expectsKey) {
        const key = keyOf(text.slice(at, end + 1));
        const keys = around.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
        expectsKey = false;
      }
      at = end;
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

const keyOf = (quoted: string): string => (quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1));
