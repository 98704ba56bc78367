// Completion scripts for shells, written from the command tree: which words may follow which.
import type { CommandSpec } from "#platform/command-line";

interface Step {
  /** The commands so far, such as `get meshes`. */
  readonly after: string;
  readonly words: readonly { readonly word: string; readonly help: string }[];
}

export function completionScript(shell: string, root: CommandSpec): string {
  const steps = stepsOf(root, "", []);
  if (shell === "fish") return fish(steps);
  return shell === "zsh" ? zsh(steps) : bash(steps);
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

// The words before the cursor that are no flags say which commands were chosen; the deepest known chain wins.
function bash(steps: readonly Step[]): string {
  return `# bash completion for kumactl                              -*- shell-script -*-
_kumactl_words() {
  case "$1" in
${cases(steps, (step) => `echo ${quoted(step.words.map((it) => it.word).join(" "))}`)}
    *) return 1 ;;
  esac
}
_kumactl() {
  local chain="" word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    [[ $word == -* ]] && continue
    _kumactl_words "\${chain:+$chain }$word" >/dev/null && chain="\${chain:+$chain }$word"
  done
  COMPREPLY=($(compgen -W "$(_kumactl_words "$chain")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kumactl kumactl
`;
}

function zsh(steps: readonly Step[]): string {
  const described = (step: Step) => step.words.map(({ word, help }) => quoted(`${word}:${help.replaceAll(":", String.raw`\:`)}`)).join(" ");
  return `#compdef kumactl
_kumactl_words() {
  case "$1" in
${cases(steps, (step) => `reply=(${described(step)})`)}
    *) return 1 ;;
  esac
}
_kumactl() {
  local chain="" word
  local -a reply
  for word in \${words[2,CURRENT-1]}; do
    [[ $word == -* ]] && continue
    _kumactl_words "\${chain:+$chain }$word" && chain="\${chain:+$chain }$word"
  done
  _kumactl_words "$chain"
  _describe 'kumactl' reply || _files
}
if [ "$funcstack[1]" = "_kumactl" ]; then _kumactl; else compdef _kumactl kumactl; fi
`;
}

function fish(steps: readonly Step[]): string {
  const lines = steps.flatMap((step) =>
    step.words.map(({ word, help }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${quoted(word)}`;
      return `complete -c kumactl -n ${quoted(`test (__kumactl_chain) = "${step.after}"`)} ${what} -d ${quoted(help)}`;
    }),
  );
  const known = steps.map((it) => quoted(it.after)).join(" ");
  return `# fish completion for kumactl                              -*- shell-script -*-
function __kumactl_chain
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
