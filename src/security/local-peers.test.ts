// Whose the other end of a loopback connection is: rows of the kernel's tables as Linux prints them.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { endianness } from "node:os";
import { expect, test, vi } from "vitest";
import { localPeers, rowsOfPeer, systemSocketTables, type ConnectionEnds } from "./local-peers.ts";

const ends: ConnectionEnds = { remoteAddress: "127.0.0.1", remotePort: 40_000, localAddress: "127.0.0.1", localPort: 5681 };
const ends6: ConnectionEnds = { ...ends, remoteAddress: "::1", localAddress: "::1" };
const [v4 = "", mapped = ""] = rowsOfPeer(ends);
const [v6 = ""] = rowsOfPeer(ends6);

const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const rest = (uid: number, inode = 4242) => `00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 20 4 30 10 -1`;
const table = (...rows: string[]) => [header, ...rows.map((row, at) => `   ${at}:${row}`)].join("\n");
const ownerOf = (text: string, { ownUid = 1000, of = ends }: { ownUid?: number; of?: ConnectionEnds } = {}) => localPeers({ read: async () => text, ownUid })(of);

test.runIf(endianness() === "LE")("addresses are spelled as Linux prints them, an IPv4 one also as an IPv6 socket has it", () => {
  expect(v4).toBe(" 0100007F:9C40 0100007F:1631 01 ");
  expect(mapped).toBe(" 0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:1631 01 ");
  expect(v6).toBe(" 00000000000000000000000001000000:9C40 00000000000000000000000001000000:1631 01 ");
  expect(rowsOfPeer({ ...ends, remoteAddress: "::ffff:127.0.0.1", localAddress: "::FFFF:127.0.0.1" })).toEqual([v4, mapped]);
});

test("the control plane's own user and root are trusted, by each kind of socket", async () => {
  for (const uid of [0, 1000]) for (const row of [v4, mapped]) expect(await ownerOf(table(row + rest(uid)))).toEqual({ is: "own" });
  expect(await ownerOf(table(v6 + rest(1000)), { of: ends6 })).toEqual({ is: "own" });
});

test("another user is not", async () => {
  expect(await ownerOf(table(v4 + rest(1001)))).toEqual({ is: "other", uid: 1001 });
  expect(await ownerOf(table(v4 + rest(1001)), { ownUid: 0 })).toEqual({ is: "other", uid: 1001 });
});

test("one foreign row among the matching ones is enough", async () => {
  expect(await ownerOf(table(v4 + rest(1000), mapped + rest(1001)))).toEqual({ is: "other", uid: 1001 });
});

test("a user whom the user namespace does not know is nobody, also where the control plane runs as nobody", async () => {
  expect(await ownerOf(table(v4 + rest(65_534)), { ownUid: 65_534 })).toEqual({ is: "other", uid: 65_534 });
});

test("a socket that its process has left is shown as root's, and proves nothing", async () => {
  expect(await ownerOf(table(v4 + rest(0, 0)))).toEqual({ is: "unknown" });
  expect(await ownerOf(table(v4.replace(" 01 ", " 05 ") + rest(0)))).toEqual({ is: "unknown" });
});

const without: [string, string, ConnectionEnds][] = [
  ["our own end of it", table(" 0100007F:1631 0100007F:9C40 01 " + rest(1000)), ends],
  ["another port", table(v4.replace("9C40", "9C41") + rest(1000)), ends],
  ["no table", "", ends],
  ["a row without its end", table(v4), ends],
  ["no uid", table(`${v4}a b c x 0 4242`), ends],
  ["an end without a port", table(v4 + rest(1000)), { ...ends, remotePort: undefined }],
];
for (const [what, text, of] of without) test(`${what} is no answer`, async () => expect(await ownerOf(text, { of })).toEqual({ is: "unknown" }));

test("a system without user numbers gives no answer", async () => {
  expect(await localPeers({ read: async () => table(v4 + rest(0)), ownUid: undefined })(ends)).toEqual({ is: "unknown" });
});

test("tables that cannot be read give no answer", async () => {
  expect(await localPeers({ read: () => Promise.reject(new Error("EACCES")), ownUid: 0 })(ends)).toEqual({ is: "unknown" });
});

test("a row missed while the table moved is found at the second look; a connection is looked up once", async () => {
  const read = vi.fn(async () => table(v4 + rest(1000))).mockResolvedValueOnce(table());
  const peers = localPeers({ read, ownUid: 1000 });
  expect([await peers(ends), await peers(ends)]).toEqual([{ is: "own" }, { is: "own" }]);
  expect(read).toHaveBeenCalledTimes(2);
});

test("many at once share a reading, and none an earlier one", async () => {
  const answers: ((text: string) => void)[] = [];
  const peers = localPeers({ read: () => new Promise<string>((resolve) => void answers.push(resolve)), ownUid: 1000 });
  const first = peers({ ...ends });
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  const later = [peers({ ...ends }), peers({ ...ends })];
  answers[0]?.(table(v4 + rest(1000)));
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.(table(v4 + rest(1001)));
  expect([await first, ...(await Promise.all(later))].map((it) => it.is)).toEqual(["own", "other", "other"]);
});

for (const [listen, dial] of [["127.0.0.1", "127.0.0.1"], ["::", "127.0.0.1"], ["::", "::1"], ["127.0.0.1", "::ffff:127.0.0.1"]] as const) {
  test.runIf(process.platform === "linux")(`a real connection to ${listen} by ${dial} is this user's`, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, listen, resolve));
    const client = connect((server.address() as AddressInfo).port, dial);
    const accepted = await new Promise<Socket>((resolve) => server.once("connection", resolve));
    const stranger = { ...systemSocketTables(), ownUid: 4_000_000_000 };
    expect(await localPeers()(accepted)).toEqual({ is: "own" });
    expect((await localPeers(stranger)(accepted)).is).toBe(process.geteuid?.() === 0 ? "own" : "other");
    client.destroy();
    accepted.destroy();
    server.close();
  });
}
