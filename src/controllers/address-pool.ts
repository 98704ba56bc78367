// Addresses of a CIDR, IPv4 or IPv6, handed out one after the other.

export interface AddressPool {
  contains(address: string): boolean;
  /**
   * The next address after the one given last (or after the highest of `used`) that is not used; from the beginning once the end is
   * reached, so that an address that became free is not soon another's. Undefined when none is left.
   */
  next(used: ReadonlySet<string>): string | undefined;
  /** The lowest address that is not used. */
  lowest(used: ReadonlySet<string>): string | undefined;
}

/** Throws a RangeError when the text is no CIDR. */
export function addressPool(cidr: string): AddressPool {
  const [base = "", bits = ""] = cidr.split("/");
  const parsed = parseAddress(base);
  const length = parsed?.isV6 ? 128 : 32;
  const prefix = Number(bits);
  if (!parsed || !/^\d+$/.test(bits) || prefix > length) throw new RangeError(`"${cidr}" is not a CIDR`);
  const { isV6 } = parsed;
  const size = 1n << BigInt(length - prefix);
  const first = (parsed.value / size) * size;
  const offsetOf = (address: string): bigint | undefined => {
    const it = parseAddress(address);
    const offset = it?.isV6 === isV6 ? it.value - first : -1n;
    return offset >= 0n && offset < size ? offset : undefined;
  };
  let last: bigint | undefined;
  return {
    contains: (address) => offsetOf(address) !== undefined,
    next(used) {
      last ??= [...used].reduce((highest, it) => max(highest, offsetOf(it) ?? -1n), -1n);
      const limit = BigInt(used.size) + 1n;
      for (let step = 1n; step <= size && step <= limit; step++) {
        const offset = (last + step) % size;
        const address = formatAddress(first + offset, isV6);
        if (used.has(address)) continue;
        last = offset;
        return address;
      }
      return undefined;
    },
    lowest(used) {
      for (let offset = 0n; offset < size && offset <= BigInt(used.size); offset++) {
        const address = formatAddress(first + offset, isV6);
        if (!used.has(address)) return address;
      }
      return undefined;
    },
  };
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function parseAddress(text: string): { readonly value: bigint; readonly isV6: boolean } | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (v4) return v4.every((it) => it < 256) ? { value: v4.reduce((value, it) => (value << 8n) | BigInt(it), 0n), isV6: false } : undefined;
  if (!text.includes(":")) return undefined;
  const [head = "", tail, ...more] = text.split("::");
  const groups = (part: string | undefined) => (part ? part.split(":") : []);
  const missing = 8 - groups(head).length - groups(tail).length;
  if (more.length > 0 || missing < 0 || (tail === undefined && missing !== 0)) return undefined;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)];
  if (!all.every((it) => /^[0-9a-fA-F]{1,4}$/.test(it))) return undefined;
  return { value: all.reduce((value, it) => (value << 16n) | BigInt(`0x${it}`), 0n), isV6: true };
}

function formatAddress(value: bigint, isV6: boolean): string {
  const parts = (count: number, bits: number) => Array.from({ length: count }, (_, at) => (value >> BigInt((count - 1 - at) * bits)) & ((1n << BigInt(bits)) - 1n));
  if (!isV6) return parts(4, 8).join(".");
  const groups = parts(8, 16).map((it) => it.toString(16));
  // The longest run of zeros is left out, as Go prints it.
  const runs = [...groups.join(":").matchAll(/(?:^|:)(?:0(?::0)+)(?=:|$)/g)].toSorted((a, b) => b[0].replace(/^:/, "").length - a[0].replace(/^:/, "").length);
  const run = runs[0];
  if (!run) return groups.join(":");
  const text = groups.join(":");
  return `${text.slice(0, run.index)}::${text.slice(run.index + run[0].length).replace(/^:/, "")}`;
}
