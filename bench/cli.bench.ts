// Start-up of kumactl, each command beside the floor: the same node with an empty program, started in turns so that load falls on both.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../test/harness/temporary-folder.ts";

const rounds = 40;

export async function run(): Promise<void> {
  const server = createServer((_, answer) => void answer.end('{"product":"Kuma","version":"2.14.3","total":1,"items":[{"name":"default"}]}'));
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const folder = temporaryFolder("bench");
  const config = join(folder, "config");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  writeFileSync(config, `controlPlanes: [{ name: c, coordinates: { apiServer: { url: "${url}" } } }]\ncontexts: [{ name: c, controlPlane: c }]\ncurrentContext: c\n`);
  const kumactl = (...words: readonly string[]) => ["bin/kumactl", ...words, "--config-file", config];
  const commands = new Map([
    ["node -e 0 (the floor)", [process.execPath, "-e", "0"]],
    ["kumactl --help", kumactl("--help")],
    ["kumactl version", kumactl("version")],
    ["kumactl get meshes", kumactl("get", "meshes")],
  ]);
  const times = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, [program = "", ...args]] of commands) times.set(name, [...(times.get(name) ?? []), await timed(program, args)]);
  }
  for (const [name, all] of times) {
    const sorted = all.toSorted((a, b) => a - b);
    console.log(`${name.padEnd(24)} min ${sorted[0]?.toFixed(0)} ms, median ${sorted[rounds / 2]?.toFixed(0)} ms, 90 % ${sorted[Math.floor(rounds * 0.9)]?.toFixed(0)} ms`);
  }
  server.close();
}

function timed(program: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    child.once("error", reject).once("close", (code) => (code === 0 ? resolve(performance.now() - start) : reject(new Error(`${program} ended with ${code}`))));
    child.stdout.resume();
  });
}
