// Commands of Kuma's kumactl that this version does not have yet: they say so instead of doing half of it.
import type { CommandSpec } from "./cli/command.ts";

const later = (path: string): CommandSpec => {
  const name = path.split(" ").at(-1) ?? path;
  const refuse = () => {
    throw new Error(`kumactl ${path} is not part of this version yet; it comes in a later one`);
  };
  return { name, summary: "(comes in a later version)", hidden: true, takesAnything: true, run: refuse };
};

const group = (name: string, below: readonly string[]): CommandSpec => ({
  name, summary: "(comes in a later version)", hidden: true, takesAnything: true,
  commands: below.map((it) => later(`${name} ${it}`)),
  run: () => {
    throw new Error(`kumactl ${name} is not part of this version yet; it comes in a later one`);
  },
});

export const laterCommands: readonly CommandSpec[] = [
  later("export"),
  group("install", ["control-plane", "crds", "demo", "observability", "transparent-proxy", "transparent-proxy-validator"]),
  group("uninstall", ["transparent-proxy", "ebpf"]),
];
