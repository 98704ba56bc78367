// kumactl in this process, against a control plane of a test: a home of its own, what it prints, how it ends.
import { main } from "../../src/kumactl/main.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Kumactl {
  readonly home: string;
  /** Words are divided at spaces. */
  run(line: string, stdin?: string): Promise<Ended>;
}

export async function kumactlFor(api: string): Promise<Kumactl> {
  const home = temporaryFolder("kumactl");
  const run = async (line: string, stdin = ""): Promise<Ended> => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await main(line.split(" ").filter(Boolean), { env: { HOME: home }, now: Date.now, out: (it) => void out.push(it), err: (it) => void err.push(it), stdin: async () => stdin, interrupted: () => new AbortController().signal, pause: async () => {} });
    return { code, out: out.join(""), err: err.join("") };
  };
  const added = await run(`config control-planes add --name test --address ${api}`);
  if (added.code !== 0) throw new Error(added.err);
  return { home, run };
}
