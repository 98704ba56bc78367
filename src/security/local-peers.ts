// Whose process is at the other end of a loopback connection: the kernel's tables of TCP sockets know its user.
import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { endianness } from "node:os";

/** The ends of a connection as node's sockets tell them; `remote` is the peer. */
export interface ConnectionEnds {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** `own`: the control plane's own user or root. `unknown`: no answer, which is no reason to trust. */
export type PeerOwner = { readonly is: "own" } | { readonly is: "other"; readonly uid: number } | { readonly is: "unknown" };

/** Never rejects. */
export type LocalPeers = (connection: ConnectionEnds) => Promise<PeerOwner>;

export interface SocketTables {
  /** The text of all tables at a moment after the call. */
  readonly read: () => Promise<string>;
  /** Undefined where users have no numbers. */
  readonly ownUid: number | undefined;
}

/** As in Kuma: being on this machine is enough. */
export const anyLocalPeer: LocalPeers = async () => ({ is: "own" });

export const systemSocketTables = (): SocketTables => ({ read: readTables, ownUid: process.geteuid?.() });

/** Asks once per connection. */
export function localPeers({ read, ownUid }: SocketTables = systemSocketTables()): LocalPeers {
  const known = new WeakMap<ConnectionEnds, Promise<PeerOwner>>();
  const readInTurn = shared(read);
  const find = async (connection: ConnectionEnds): Promise<PeerOwner> => {
    const rows = rowsOfPeer(connection);
    if (ownUid === undefined || rows.length === 0) return { is: "unknown" };
    // The kernel hands the table out in pieces, and a row can slip between two of them: then once more.
    return judge(ownersIn(await readInTurn(), rows), ownUid) ?? judge(ownersIn(await readInTurn(), rows), ownUid) ?? { is: "unknown" };
  };
  return (connection) => {
    const asked = known.get(connection) ?? find(connection);
    known.set(connection, asked);
    return asked;
  };
}

/** What Linux shows for users that the reader's user namespace does not know: it names nobody. */
const overflowUid = 65_534;

function judge(uids: readonly number[], ownUid: number): PeerOwner | undefined {
  const [first] = uids;
  if (first === undefined) return undefined;
  const other = uids.find((uid) => uid === overflowUid || (uid !== ownUid && uid !== 0));
  return other === undefined ? { is: "own" } : { is: "other", uid: other };
}

/** Users of the rows that begin so. */
export function ownersIn(tables: string, rows: readonly string[]): readonly number[] {
  const uids: number[] = [];
  for (const row of rows) {
    for (let at = tables.indexOf(row); at >= 0; at = tables.indexOf(row, at + row.length)) {
      const end = tables.indexOf("\n", at);
      // local remote state queues timer retransmits uid timeout inode
      const fields = tables.slice(at, end < 0 ? undefined : end).trim().split(/\s+/);
      const uid = fields[6] ?? "";
      // A socket that its process has left behind is shown as root's, without an inode.
      const isHeld = /^[1-9]\d*$/.test(fields[8] ?? "");
      if (isHeld && /^\d+$/.test(uid)) uids.push(Number(uid));
    }
  }
  return uids;
}

const established = "01";

/** How the peer's end of a connection begins in the tables: an IPv4 connection may be an IPv6 socket's. */
export function rowsOfPeer({ localAddress, localPort, remoteAddress, remotePort }: ConnectionEnds): readonly string[] {
  if (localAddress === undefined || localPort === undefined || remoteAddress === undefined || remotePort === undefined) return [];
  const [peers, ours] = [spellings(remoteAddress), spellings(localAddress)];
  return peers.flatMap((peer, at) => (ours[at] === undefined ? [] : [` ${peer}:${hexPort(remotePort)} ${ours[at]}:${hexPort(localPort)} ${established} `]));
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");

/** An IPv4 address as in `tcp` and as in `tcp6`; of IPv6 only the loopback address concerns us. */
function spellings(address: string): readonly string[] {
  if (address === "::1") return [hexWord([0, 0, 0, 0]).repeat(3) + hexWord([0, 0, 0, 1])];
  const plain = address.replace(/^::ffff:/i, "");
  if (!isIPv4(plain)) return [];
  const word = hexWord(plain.split(".").map(Number));
  return [word, hexWord([0, 0, 0, 0]).repeat(2) + hexWord([0, 0, 255, 255]) + word];
}

/** The kernel prints each 32-bit word in the machine's own order. */
function hexWord(bytes: readonly number[]): string {
  const inOrder = endianness() === "LE" ? bytes.toReversed() : bytes;
  return inOrder.map((it) => it.toString(16).toUpperCase().padStart(2, "0")).join("");
}

async function readTables(): Promise<string> {
  const texts = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "latin1").catch(() => "")));
  return texts.join("\n");
}

/** At most one reading at a time; who comes meanwhile shares the next, for a reading that has begun may be too old. */
function shared(read: () => Promise<string>): () => Promise<string> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<string> | undefined;
  return () => {
    if (next) return next;
    const mine = running.then(() => {
      next = undefined;
      return read();
    }).catch(() => "");
    running = mine;
    next = mine;
    return mine;
  };
}
