// Randomness, handed in so that tests can repeat a run.
import { getRandomValues, randomUUID } from "node:crypto";

export interface Random {
  bytes(count: number): Uint8Array;
  uuid(): string;
  /** A number in [0, 1). For jitter, never for secrets. */
  fraction(): number;
}

export const systemRandom: Random = {
  bytes: (count) => getRandomValues(new Uint8Array(count)),
  uuid: () => randomUUID(),
  fraction: () => Math.random(),
};
