// Lines of the access log FIFO: each says which collector it is for.

export interface AccessLogLine {
  readonly address: string;
  /** As the collector gets it, with its line break. */
  readonly text: string;
}

/** Envoy's lines are bounded by what requests may hold; one without an end must not fill the memory. */
const maxLineBytes = 1024 * 1024;

/** Cuts what is read into lines; a line that never ends is skipped and reported as a broken one. */
export function lineSplitter(onLine: (line: string) => void, onBroken: () => void): (chunk: Buffer) => void {
  let pieces: Buffer[] = [];
  let size = 0;
  let isSkipping = false;
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (!isSkipping) onLine(Buffer.concat([...pieces, chunk.subarray(from, end)]).toString("utf8"));
      [pieces, size, isSkipping] = [[], 0, false];
      from = end + 1;
    }
    if (from === chunk.length || isSkipping) return;
    pieces.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size <= maxLineBytes) return;
    [pieces, size, isSkipping] = [[], 0, true];
    onBroken();
  };
}

/** `{"address":…,"message":…}`, or as older control planes have it written, `address;message`. Undefined for anything else. */
export function parseLine(line: string): AccessLogLine | undefined {
  if (!line.startsWith("{")) {
    const at = line.indexOf(";");
    return at > 0 ? { address: line.slice(0, at), text: `${line.slice(at + 1)}\n` } : undefined;
  }
  const value = parsed(line);
  if (typeof value !== "object" || value === null || !("address" in value) || typeof value.address !== "string" || !("message" in value)) return undefined;
  const { address, message } = value;
  return { address, text: typeof message === "string" ? message : `${JSON.stringify(message)}\n` };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
