// What the demo shows: numbered steps, each with its outcome and the time it took.
import { reasonOf } from "#platform";

const isTerminal = process.stdout.isTTY === true;
const paint = (code: number, text: string): string => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = (text: string): string => paint(1, text);
export const dim = (text: string): string => paint(2, text);

export class StepFailed extends Error {}

export interface Screen {
  headline(text: string): void;
  /** Runs a step; what it returns is printed after its title. */
  step(title: string, action: () => Promise<string>): Promise<void>;
  line(text: string): void;
}

export function openScreen(): Screen {
  let number = 0;
  const line = (text: string) => void process.stdout.write(`${text}\n`);
  return {
    line,
    headline: (text) => line(`\n${bold(text)}`),
    async step(title, action) {
      number++;
      const started = performance.now();
      try {
        const outcome = await action();
        line(`${paint(32, "✔")} ${String(number).padStart(2)}. ${title} ${dim(`(${duration(performance.now() - started)})`)}\n       ${outcome.replaceAll("\n", "\n       ")}`);
      } catch (error) {
        line(`${paint(31, "✘")} ${String(number).padStart(2)}. ${title}\n       ${reasonOf(error)}`);
        throw new StepFailed(title, { cause: error });
      }
    },
  };
}

export const duration = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
