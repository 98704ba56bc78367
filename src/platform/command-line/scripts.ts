// Completion scripts for shells, written from the command tree: which words may follow which.
import type { CommandSpec } from "./command.ts";

interface Step {
  /** The commands so far, such as `get meshes`. */
  readonly after: string;
  readonly words: readonly { readonly word: string; readonly help: string }[];
}

export function completionScript(shell: string, root: CommandSpec): string {
  const steps = stepsOf(root, "", []);
  const { name } = root;
  if (shell === "fish") return fish(name, steps);
  return shell === "zsh" ? zsh(name, steps) : bash(name, steps);
}

function stepsOf(spec: CommandSpec, after: string, shared: readonly { readonly word: string; readonly help: string }[]): Step[] {
  const inherited = [...shared, ...(spec.sharedFlags ?? []).map(flagWord)];
  const commands = (spec.commands ?? []).filter((it) => !it.hidden);
  const words = [...commands.map((it) => ({ word: it.name, help: it.summary })), ...inherited, ...(spec.flags ?? []).filter((it) => !it.hidden).map(flagWord)];
  return [{ after, words }, ...commands.flatMap((it) => stepsOf(it, `${after} ${it.name}`.trim(), inherited))];
}

const flagWord = (flag: { readonly name: string; readonly help: string }) => ({ word: `--${flag.name}`, help: flag.help });

const cases = (steps: readonly Step[], body: (step: Step) => string): string => steps.map((step) => `    "${step.after}") ${body(step)} ;;`).join("\n");
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** `kuma-cp` as part of a function's name. */
const identifier = (name: string): string => name.replaceAll("-", "_");

// The words before the cursor that are no flags say which commands were chosen; the deepest known chain wins.
function bash(name: string, steps: readonly Step[]): string {
  return `# bash completion for ${name}                              -*- shell-script -*-
_${identifier(name)}_words() {
  case "$1" in
${cases(steps, (step) => `echo ${quoted(step.words.map((it) => it.word).join(" "))}`)}
    *) return 1 ;;
  esac
}
_${identifier(name)}() {
  local chain="" word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    [[ $word == -* ]] && continue
    _${identifier(name)}_words "\${chain:+$chain }$word" >/dev/null && chain="\${chain:+$chain }$word"
  done
  COMPREPLY=($(compgen -W "$(_${identifier(name)}_words "$chain")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${identifier(name)} ${name}
`;
}

function zsh(name: string, steps: readonly Step[]): string {
  const described = (step: Step) => step.words.map(({ word, help }) => quoted(`${word}:${help.replaceAll(":", String.raw`\:`)}`)).join(" ");
  return `#compdef ${name}
_${identifier(name)}_words() {
  case "$1" in
${cases(steps, (step) => `reply=(${described(step)})`)}
    *) return 1 ;;
  esac
}
_${identifier(name)}() {
  local chain="" word
  local -a reply
  for word in \${words[2,CURRENT-1]}; do
    [[ $word == -* ]] && continue
    _${identifier(name)}_words "\${chain:+$chain }$word" && chain="\${chain:+$chain }$word"
  done
  _${identifier(name)}_words "$chain"
  _describe '${name}' reply || _files
}
if [ "$funcstack[1]" = "_${identifier(name)}" ]; then _${identifier(name)}; else compdef _${identifier(name)} ${name}; fi
`;
}

function fish(name: string, steps: readonly Step[]): string {
  const lines = steps.flatMap((step) =>
    step.words.map(({ word, help }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${quoted(word)}`;
      return `complete -c ${name} -n ${quoted(`test (__${identifier(name)}_chain) = "${step.after}"`)} ${what} -d ${quoted(help)}`;
    }),
  );
  const known = steps.map((it) => quoted(it.after)).join(" ");
  return `# fish completion for ${name}                              -*- shell-script -*-
function __${identifier(name)}_chain
  set -l chain ""
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and continue
    set -l next (string trim -- "$chain $word")
    contains -- $next ${known}; and set chain $next
  end
  echo "$chain"
end
${lines.join("\n")}
`;
}
