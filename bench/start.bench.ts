// From the start of the process to its first answer: on an empty work dir, and on one that is there.
import { benchControlPlane } from "./control-plane.ts";

export async function run(): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const controlPlane = await benchControlPlane();
    times.push(controlPlane.startMs);
    await controlPlane.stop();
  }
  const sorted = times.toSorted((a, b) => a - b);
  console.log(`control plane, start to first answer on an empty work dir: min ${Math.round(sorted[0] ?? 0)} ms, median ${Math.round(sorted[2] ?? 0)} ms, max ${Math.round(sorted[4] ?? 0)} ms`);
}
