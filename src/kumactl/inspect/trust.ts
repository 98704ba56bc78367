// `kumactl inspect trust`: per channel who presents what, by which anchor it is known, and how long that lasts.
import { listAt, objectAt, textAt, type Json } from "../documents/rows.ts";
import { table } from "../output/table.ts";

/** Tables under a title each; what there is none of is left out. */
export function trustTables(document: Json): string {
  const section = (title: string, header: readonly string[], rows: readonly (readonly string[])[]): string => (rows.length === 0 ? "" : `${title}\n${table(header, rows)}\n`);
  return [
    section("CERTIFICATES", ["CHANNEL", "NAMES", "ANCHOR", "TLS", "CLIENTS SHOW", "DAYS LEFT"], listAt(document, "channels").map((it) => {
      const presents = objectAt(it, "presents");
      return [textAt(it, "channel"), short(textAt(presents, "names")), anchor(textAt(it, "anchor")), textAt(it, "tls"), textAt(it, "clients"), textAt(presents, "daysLeft")];
    })),
    section("AUTHORITIES", ["CHANNEL", "SUBJECT", "FINGERPRINT", "DAYS LEFT"], listAt(document, "authorities").map((it) => [textAt(it, "channel"), textAt(it, "subject"), textAt(it, "fingerprint").slice(0, 23), textAt(it, "daysLeft")])),
    section("SIGNING KEYS", ["SECRET", "MESH", "AGE (DAYS)"], listAt(document, "signingKeys").map((it) => [textAt(it, "secret"), textAt(it, "mesh"), textAt(it, "ageDays")])),
    section("WORKLOADS", ["MESH", "CERTIFICATES", "FIRST END", "HOURS LEFT"], listAt(document, "workloads").map((it) => [textAt(it, "mesh"), textAt(it, "certificates"), textAt(it, "firstEnd"), textAt(it, "hoursLeft")])),
    section("LIVE CONNECTIONS", ["CHANNEL", "COUNT", "CREDENTIAL", "MESH", "SIGNING KEY", "TLS", "CIPHER", "KEY EXCHANGE", "FIRST END"], listAt(document, "connections").map((it) => [
      `${textAt(it, "channel")} (${textAt(it, "protocol")})`, textAt(it, "count"), textAt(it, "credential"), textAt(it, "mesh"), textAt(it, "signingKey"), textAt(it, "tls"), textAt(it, "cipher"), textAt(it, "keyExchange"), textAt(it, "firstEnd"),
    ])),
  ].join("");
}

/** Long lists of names are cut: the whole is in the JSON. */
const short = (names: string): string => (names.length > 60 ? `${names.slice(0, 57)}...` : names);

/** The subject and the first bytes of the fingerprint. */
const anchor = (text: string): string => text.replace(/((?:[0-9A-F]{2}:){7}[0-9A-F]{2})(?::[0-9A-F]{2}){24}$/, "$1");
