// Runs one target over its corpus, then over made-up inputs; whatever breaks the rules is named with its seed so that it can be kept.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import { KumaError } from "#resources";
import { chooser, type Chooser } from "./generate.ts";

/** `KOGUMA_FUZZ_INPUTS` and `KOGUMA_FUZZ_SEED` make it more, and other. */
const count = Number(process.env.KOGUMA_FUZZ_INPUTS ?? 2000);
const firstSeed = Number(process.env.KOGUMA_FUZZ_SEED ?? 1);
const slowMs = 1000;

export interface Corpus {
  readonly name: string;
  readonly text: string;
}

/** Files of `corpus/<target>`: seeds, and every input that has found something. */
export function corpusOf(target: string): readonly Corpus[] {
  const folder = new URL(`corpus/${target}/`, import.meta.url);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).toSorted().map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
}

export interface Target<T> {
  readonly known: readonly { readonly name: string; readonly input: T }[];
  readonly make: (choose: Chooser) => T;
  /** May throw a KumaError; anything else it throws is a finding. */
  readonly run: (input: T) => unknown;
  readonly inputs?: number;
}

/** Every finding, as text; empty when there is none. Stops at ten. */
export async function fuzz<T>({ known, make, run, inputs = count }: Target<T>): Promise<readonly string[]> {
  const findings: string[] = [];
  const attempt = async (name: string, input: T) => {
    const startedAt = performance.now();
    try {
      await run(input);
    } catch (error) {
      if (!(error instanceof KumaError)) findings.push(`${name}: ${error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 6).join("\n") : inspect(error)}\n  ${shown(input)}`);
    }
    const tookMs = performance.now() - startedAt;
    if (tookMs > slowMs) findings.push(`${name}: took ${Math.round(tookMs)} ms\n  ${shown(input)}`);
  };
  for (const { name, input } of known) await attempt(name, input);
  for (let seed = firstSeed; seed < firstSeed + inputs && findings.length < 10; seed++) await attempt(`seed ${seed}`, make(chooser(seed)));
  return findings;
}

const shown = (input: unknown): string => (typeof input === "string" ? JSON.stringify(input) : inspect(input, { depth: 20, breakLength: 200, maxStringLength: 300 })).slice(0, 1500);
