// Metrics as Prometheus' text: read family by family, in the older format or in OpenMetrics, and written in the older one.

export interface Sample {
  readonly name: string;
  /** As they were written, without braces: `a="b",c="d"`. */
  readonly labels: string;
  /** Value and, if there was one, time in milliseconds. */
  readonly value: string;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ["_bucket", "_sum", "_count", "_created"], summary: ["_sum", "_count", "_created"], counter: ["_total", "_created"],
};

/** Lines that are no metrics are left out. */
export function parseExposition(text: string, isOpenMetrics: boolean): Family[] {
  const families = new Map<string, { name: string; type: string; help: string; samples: Sample[] }>();
  const familyOf = (name: string) => {
    let family = families.get(name);
    if (!family) {
      family = { name, type: "untyped", help: "", samples: [] };
      families.set(name, family);
    }
    return family;
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) {
      const [, word, name = "", rest = ""] = /^# (TYPE|HELP) (\S+) ?(.*)$/.exec(line) ?? [];
      if (word === "TYPE") familyOf(name).type = rest.trim();
      if (word === "HELP") familyOf(name).help = rest;
      continue;
    }
    const sample = parseSample(line, isOpenMetrics);
    if (!sample || (isOpenMetrics && sample.name.endsWith("_created"))) continue;
    familyOf(ownerOf(sample.name, families)).samples.push(sample);
  }
  const found = [...families.values()].filter((it) => it.samples.length > 0);
  return isOpenMetrics ? found.map(toText) : found;
}

function ownerOf(name: string, families: ReadonlyMap<string, { readonly type: string }>): string {
  if (families.has(name)) return name;
  for (const [type, its] of Object.entries(suffixes)) {
    const suffix = its.find((it) => name.endsWith(it));
    const base = suffix && name.slice(0, -suffix.length);
    if (base && families.get(base)?.type === type) return base;
  }
  return name;
}

const number = String.raw`[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[Ii]nf|NaN|nan)`;
const samplePattern = new RegExp(String.raw`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(${number})(?:\s+(${number}))?\s*(?:#.*)?$`);

function parseSample(line: string, isOpenMetrics: boolean): Sample | undefined {
  const [, name, labels = "", value, time] = samplePattern.exec(line.trim()) ?? [];
  if (name === undefined || value === undefined) return undefined;
  // OpenMetrics counts seconds.
  const stamp = time === undefined ? "" : ` ${isOpenMetrics ? Math.round(Number(time) * 1000) : time}`;
  return { name, labels: labels.replace(/,\s*$/, ""), value: value + stamp };
}

/** Counters are named with `_total` in the older format; types it does not know are untyped. */
function toText(family: Family): Family {
  if (family.type === "counter") return { ...family, name: family.samples[0]?.name ?? family.name };
  return ["gauge", "histogram", "summary"].includes(family.type) ? family : { ...family, type: family.type === "info" || family.type === "stateset" ? "gauge" : "untyped" };
}

/** Families of one name become one; a series that is there twice is kept once, the first. */
export function mergeFamilies(families: readonly Family[]): Family[] {
  const merged = new Map<string, { readonly family: Family; readonly series: Map<string, Sample> }>();
  for (const family of families) {
    const known = merged.get(family.name) ?? { family, series: new Map<string, Sample>() };
    merged.set(family.name, known);
    for (const sample of family.samples) {
      const key = `${sample.name}{${sample.labels}}`;
      if (!known.series.has(key)) known.series.set(key, sample);
    }
  }
  return [...merged.values()].map(({ family, series }) => ({ ...family, samples: [...series.values()] }));
}

export const textType = "text/plain; version=0.0.4; charset=utf-8";

/** The older format has no end mark, so that none of a source can cut the others off. */
export function printExposition(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    if (help) lines.push(`# HELP ${name} ${help}`);
    lines.push(`# TYPE ${name} ${type}`);
    for (const sample of samples) lines.push(sample.labels ? `${sample.name}{${sample.labels}} ${sample.value}` : `${sample.name} ${sample.value}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Every series gets these labels; they win over labels of the same name. */
export function withLabels(families: readonly Family[], labels: Readonly<Record<string, string>>): Family[] {
  const own = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`).join(",");
  if (!own) return [...families];
  const names = new Set(Object.keys(labels));
  const join = (text: string) => {
    const kept = text.match(labelPattern)?.filter((it) => !names.has(it.slice(0, it.indexOf("=")).trim())).map((it) => it.trim()) ?? [];
    return [...kept, own].join(",");
  };
  return families.map((family) => ({ ...family, samples: family.samples.map((sample) => ({ ...sample, labels: join(sample.labels) })) }));
}

const labelPattern = /[a-zA-Z_][a-zA-Z0-9_]*\s*=\s*"(?:[^"\\]|\\.)*"/g;
const escaped = (value: string): string => value.replace(/[\\"\n]/g, (it) => (it === "\n" ? "\\n" : `\\${it}`));

/** The value of one label of a sample. */
export const labelOf = (sample: Sample, name: string): string | undefined => new RegExp(String.raw`(?:^|,)\s*${name}\s*=\s*"((?:[^"\\]|\\.)*)"`).exec(sample.labels)?.[1];
