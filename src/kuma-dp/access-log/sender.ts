// Sends lines to one collector: connects when there is something to say, tries again with growing pauses, and never holds more than a bounded amount.
import type { Platform } from "#platform";

/** A connection to the collector. */
export interface Sink {
  write(data: string): void;
  /** Bytes that are written and not yet on their way. */
  pendingBytes(): number;
  /** Sends what is pending and closes. */
  end(): void;
  /** Called once, whoever closed it. */
  onClose(action: () => void): void;
}

export interface Sender {
  /** False when the line was dropped. */
  send(text: string): boolean;
  close(): void;
}

export interface SenderOptions {
  readonly address: string;
  readonly connect: () => Promise<Sink>;
  readonly maxBytes: number;
  readonly platform: Pick<Platform, "clock" | "random" | "log">;
}

const [firstPauseMs, longestPauseMs] = [200, 30_000];

type State = { readonly is: "idle" } | { readonly is: "connecting" } | { readonly is: "connected"; readonly sink: Sink } | { readonly is: "pausing"; readonly cancel: () => void } | { readonly is: "closed" };

export function createSender({ address, connect, maxBytes, platform: { clock, random, log } }: SenderOptions): Sender {
  let state: State = { is: "idle" };
  let waiting: string[] = [];
  let waitingBytes = 0;
  let failures = 0;
  let dropped = 0;

  const isClosed = (): boolean => state.is === "closed";
  const begin = () => {
    state = { is: "connecting" };
    connect().then(connected, failed);
  };
  const connected = (sink: Sink) => {
    if (isClosed()) return sink.end();
    state = { is: "connected", sink };
    sink.onClose(() => (isClosed() ? undefined : failed(new Error("the collector closed the connection"))));
    for (const text of waiting) sink.write(text);
    [waiting, waitingBytes, failures] = [[], 0, 0];
    if (dropped > 0) log.warn("the collector takes access logs again", { address, dropped });
    dropped = 0;
  };
  const failed = (error: unknown) => {
    if (isClosed()) return;
    // Nothing to say: the next line connects.
    failures++;
    if (failures === 1 && waiting.length === 0) return void (state = { is: "idle" });
    if (failures === 1) log.warn("a collector cannot be reached; access logs wait, and are dropped when too many wait", { address, error });
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)) * (0.5 + random.fraction() / 2);
    state = { is: "pausing", cancel: clock.after(pause, begin) };
  };
  const drop = (): false => {
    if (++dropped === 1) log.warn("access logs are dropped: their collector does not take them", { address });
    return false;
  };
  return {
    send(text) {
      const bytes = Buffer.byteLength(text);
      if (state.is === "closed") return false;
      if (state.is === "connected") {
        if (state.sink.pendingBytes() + bytes > maxBytes) return drop();
        state.sink.write(text);
        return true;
      }
      if (waitingBytes + bytes > maxBytes) return drop();
      waiting.push(text);
      waitingBytes += bytes;
      if (state.is === "idle") begin();
      return true;
    },
    close() {
      if (state.is === "pausing") state.cancel();
      if (state.is === "connected") state.sink.end();
      if (dropped > 0) log.warn("access logs were dropped", { address, dropped });
      state = { is: "closed" };
    },
  };
}
