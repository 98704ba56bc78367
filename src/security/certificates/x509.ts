// Writes X.509 certificates (RFC 5280) over node:crypto; EC issuers sign at once, RSA issuers in the thread pool.
import { createPublicKey, hash, randomBytes, sign, type KeyObject, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { bitString, boolean, implicit, integer, nullValue, objectId, octetString, readDer, sequence, set, tagged, time, utf8String, type Der } from "./der.ts";
import { pem } from "./keys.ts";

export interface SubjectName {
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly commonName?: string;
}

export type KeyUsage = "digitalSignature" | "keyEncipherment" | "keyAgreement" | "keyCertSign" | "cRLSign";
export type ExtendedKeyUsage = "serverAuth" | "clientAuth";

export interface CertificateContent {
  /** May be empty for leaves: the alternative names are critical then. */
  readonly subject?: SubjectName;
  /** The key, or its SubjectPublicKeyInfo in DER. */
  readonly publicKey: KeyObject | Der;
  /** Big-endian bytes; random when absent. */
  readonly serial?: Buffer;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly uris?: readonly string[];
  readonly isAuthority?: boolean;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  /** Milliseconds since the epoch; written in whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who signs: a key in memory, the exact bytes of its name, its key identifier. */
export interface Issuer {
  readonly privateKey: KeyObject;
  readonly name: Der;
  readonly keyId: Buffer;
}

const ids = {
  commonName: objectId("2.5.4.3"),
  organization: objectId("2.5.4.10"),
  organizationalUnit: objectId("2.5.4.11"),
  subjectKeyId: objectId("2.5.29.14"),
  keyUsage: objectId("2.5.29.15"),
  subjectAltName: objectId("2.5.29.17"),
  basicConstraints: objectId("2.5.29.19"),
  authorityKeyId: objectId("2.5.29.35"),
  extendedKeyUsage: objectId("2.5.29.37"),
  serverAuth: objectId("1.3.6.1.5.5.7.3.1"),
  clientAuth: objectId("1.3.6.1.5.5.7.3.2"),
};
const keyUsageBits: Record<KeyUsage, number> = { digitalSignature: 0x80, keyEncipherment: 0x20, keyAgreement: 0x08, keyCertSign: 0x04, cRLSign: 0x02 };

/** Signs `content` by `issuer`; the DER of the certificate. */
export async function signCertificate(content: CertificateContent, issuer: Issuer): Promise<Der> {
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const spki = Buffer.isBuffer(content.publicKey) ? content.publicKey : content.publicKey.export({ type: "spki", format: "der" });
  const body = sequence(
    tagged(0, integer(2)),
    integer(content.serial ?? randomSerial()),
    algorithm.id,
    issuer.name,
    sequence(time(content.notBefore), time(content.notAfter)),
    writeName(content.subject ?? {}),
    spki,
    tagged(3, extensions(content, keyIdOfSpki(spki), issuer.keyId)),
  );
  return sequence(body, algorithm.id, bitString(await algorithm.sign(body)));
}

/** An issuer that signs itself: the first step of a new authority. */
export function selfIssuer(privateKey: KeyObject, subject: SubjectName): Issuer {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return { privateKey, name: writeName(subject), keyId: keyIdOfSpki(spki) };
}

/** An issuer from an existing authority certificate: its name byte for byte, its own key identifier. */
export function issuerOf(certificate: X509Certificate, privateKey: KeyObject): Issuer {
  const fields = certificateFields(certificate);
  const spki = certificate.publicKey.export({ type: "spki", format: "der" });
  return { privateKey, name: Buffer.from(fields.subject), keyId: fields.subjectKeyId ?? keyIdOfSpki(spki) };
}

export const derToPem = (der: Uint8Array): string => pem("CERTIFICATE", der);

export interface CertificateFields {
  readonly subject: Buffer;
  readonly subjectKeyId: Buffer | undefined;
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
}

/** What node's X509Certificate does not tell: raw subject, key identifier, key usage. */
export function certificateFields(certificate: X509Certificate): CertificateFields {
  const body = readDer(readDer(readDer(certificate.raw)[0]?.content ?? Buffer.of())[0]?.content ?? Buffer.of());
  const afterVersion = body[0]?.tag === 0xa0 ? body.slice(1) : body;
  const subject = afterVersion[4];
  if (!subject) throw new RangeError("certificate has no subject");
  const holder = body.find((it) => it.tag === 0xa3);
  const list = holder ? readDer(readDer(holder.content)[0]?.content ?? Buffer.of()) : [];
  const extension = (id: Der): Buffer | undefined => {
    const parts = list.map((it) => readDer(it.content)).find(([first]) => first?.whole.equals(id));
    return parts?.at(-1)?.content;
  };
  const keyId = extension(ids.subjectKeyId);
  const usage = extension(ids.keyUsage);
  return {
    subject: subject.whole,
    subjectKeyId: keyId && Buffer.from(readDer(keyId)[0]?.content ?? Buffer.of()),
    keyUsage: usage && usagesIn(readDer(usage)[0]?.content[1] ?? 0),
  };
}

function usagesIn(bits: number): ReadonlySet<KeyUsage> {
  const names: readonly KeyUsage[] = ["digitalSignature", "keyEncipherment", "keyAgreement", "keyCertSign", "cRLSign"];
  return new Set(names.filter((name) => (bits & keyUsageBits[name]) !== 0));
}

const isTrue = boolean(true);
const extension = (id: Der, isCritical: boolean, value: Der): Der => (isCritical ? sequence(id, isTrue, octetString(value)) : sequence(id, octetString(value)));
const [ofAuthority, ofLeaf] = [extension(ids.basicConstraints, true, sequence(isTrue)), extension(ids.basicConstraints, true, sequence())];

function extensions(content: CertificateContent, keyId: Buffer, issuerKeyId: Buffer): Der {
  const names = alternativeNames(content);
  const hasSubject = Object.values(content.subject ?? {}).some(Boolean);
  const bits = content.keyUsage.reduce((all, usage) => all | keyUsageBits[usage], 0);
  const unusedBits = bits === 0 ? 0 : Math.clz32(bits & -bits) ^ 31;
  return sequence(
    content.isAuthority ? ofAuthority : ofLeaf,
    extension(ids.keyUsage, true, bitString(Buffer.of(bits), unusedBits)),
    ...(content.extendedKeyUsage?.length ? [extension(ids.extendedKeyUsage, false, sequence(...content.extendedKeyUsage.map((it) => ids[it])))] : []),
    extension(ids.subjectKeyId, false, octetString(keyId)),
    extension(ids.authorityKeyId, false, sequence(implicit(0, issuerKeyId))),
    ...(names.length > 0 ? [extension(ids.subjectAltName, !hasSubject, sequence(...names))] : []),
  );
}

function alternativeNames(content: CertificateContent): Der[] {
  return [
    ...(content.dnsNames ?? []).map((it) => implicit(2, Buffer.from(it, "ascii"))),
    ...(content.ipAddresses ?? []).map((it) => implicit(7, ipBytes(it))),
    ...(content.uris ?? []).map((it) => implicit(6, Buffer.from(it, "utf8"))),
  ];
}

/** 4 or 16 bytes; an IPv6 zone (`%eth0`) is dropped. */
export function ipBytes(address: string): Buffer {
  const [plain = ""] = address.split("%");
  if (isIP(plain) === 4) return Buffer.from(plain.split(".").map(Number));
  if (isIP(plain) !== 6) throw new RangeError(`not an IP address: ${address}`);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  const pair = (high: string | undefined, low: string | undefined) => (Number(high) * 256 + Number(low)).toString(16);
  const text = dotted ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}` : plain;
  const [left = "", right] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((it) => Number.parseInt(it, 16)));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
  return Buffer.from(all.flatMap((it) => [it >> 8, it & 0xff]));
}

function writeName(subject: SubjectName): Der {
  const part = (id: Der, text: string | undefined) => (text ? [set(sequence(id, utf8String(text)))] : []);
  return sequence(...part(ids.organization, subject.organization), ...part(ids.organizationalUnit, subject.organizationalUnit), ...part(ids.commonName, subject.commonName));
}

// RFC 7093 method 1: the leftmost 160 bits of SHA-256 over the key's bit string.
function keyIdOfSpki(spki: Buffer): Buffer {
  const key = readDer(readDer(spki)[0]?.content ?? Buffer.of())[1]?.content.subarray(1) ?? Buffer.of();
  return hash("sha256", key, "buffer").subarray(0, 20);
}

const serialBytes = 16;
const serialsAtOnce = 64;
/** Asking for random bytes takes longer than making a serial of them: they are asked for in advance, each is used once. */
let random = Buffer.of();

// 128 random bits; the first bit is cleared so that it is positive, the second set so that its length is fixed.
export function randomSerial(): Buffer {
  if (random.length < serialBytes) random = randomBytes(serialBytes * serialsAtOnce);
  const bytes = random.subarray(0, serialBytes);
  random = random.subarray(serialBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

interface SignatureAlgorithm {
  readonly id: Der;
  sign(body: Buffer): Buffer | Promise<Buffer>;
}

const algorithms = new WeakMap<KeyObject, SignatureAlgorithm>();

/** Worked out once for each authority. */
function signatureAlgorithm(key: KeyObject): SignatureAlgorithm {
  const algorithm = algorithms.get(key) ?? newAlgorithm(key);
  algorithms.set(key, algorithm);
  return algorithm;
}

function newAlgorithm(key: KeyObject): SignatureAlgorithm {
  if (key.asymmetricKeyType === "rsa") return { id: sequence(objectId("1.2.840.113549.1.1.11"), nullValue), sign: (body) => signLater("sha256", body, key) };
  if (key.asymmetricKeyType === "ed25519") return { id: sequence(objectId("1.3.101.112")), sign: (body) => sign(null, body, key) };
  if (key.asymmetricKeyType !== "ec") throw new TypeError(`cannot sign certificates with a key of type ${key.asymmetricKeyType}`);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === "secp384r1") return { id: sequence(objectId("1.2.840.10045.4.3.3")), sign: (body) => sign("sha384", body, key) };
  if (curve === "secp521r1") return { id: sequence(objectId("1.2.840.10045.4.3.4")), sign: (body) => sign("sha512", body, key) };
  return { id: sequence(objectId("1.2.840.10045.4.3.2")), sign: (body) => sign("sha256", body, key) };
}

function signLater(hash: string, body: Buffer, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => sign(hash, body, key, (error, signature) => (error ? reject(error) : resolve(signature))));
}
