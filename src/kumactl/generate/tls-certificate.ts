// `kumactl generate tls-certificate`: a self-signed certificate and its key, as files or on stdout.
import { lstat, rename, writeFile } from "node:fs/promises";
import type { CommandSpec } from "#platform/command-line";
import { reasonOfFile } from "../program.ts";
import type { Session } from "../session.ts";

export function tlsCertificateCommand({ world }: Session): CommandSpec {
  return {
    name: "tls-certificate",
    argumentNames: "--type=server|client --hostname=HOST1[,HOST2...]",
    summary: "Generate a self-signed TLS certificate",
    argumentCount: 0,
    examples: "$ kumactl generate tls-certificate --type server --hostname cp.example.com,10.0.0.7\n$ kumactl generate tls-certificate --type client --hostname jane --key-file - --cert-file -",
    flags: [
      { name: "type", type: "string", required: true, help: "what it is for: server or client (required)" },
      { name: "hostname", type: "strings", required: true, help: "DNS names and IP addresses it is made for (required)" },
      { name: "key-file", type: "string", help: "where to write the private key; - for stdout", fallback: "key.pem" },
      { name: "cert-file", type: "string", help: "where to write the certificate; - for stdout", fallback: "cert.pem" },
      { name: "key-type", type: "string", help: "rsa or ecdsa; rsa when absent", fallback: "rsa", hidesFallback: true },
    ],
    async run({ flags }) {
      const use = flags.text("type");
      if (use !== "server" && use !== "client") throw new Error(`invalid certificate type "${use}"`);
      const hosts = flags.list("hostname").filter(Boolean);
      if (hosts.length === 0) throw new Error("at least one hostname must be given");
      const keyType = flags.text("key-type");
      if (keyType !== "rsa" && keyType !== "ecdsa") throw new Error(`invalid key type "${keyType}"`);
      const { keyPem, certPem } = await (await import("./keys.ts")).selfSigned({ use, hosts, keyType, now: world.now() });
      const [keyFile, certFile] = [flags.text("key-file"), flags.text("cert-file")];
      if (keyFile === "-") world.out(keyPem);
      else await write(keyFile, keyPem, 0o400);
      if (certFile === "-") world.out(certPem);
      else await write(certFile, certPem, 0o600);
      if (keyFile !== "-" && certFile !== "-") world.out(`Private key saved in ${keyFile}\nCertificate saved in ${certFile}\n`);
    },
  };
}

/** By way of a new file: the old key may not be writable, and never is there half a key. What is no plain file (`/dev/null`, a link) stays what it is. */
async function write(path: string, text: string, mode: number): Promise<void> {
  try {
    const isPlain = await lstat(path).then((it) => it.isFile(), () => true);
    if (!isPlain) return await writeFile(path, text, { mode });
    const draft = `${path}.${process.pid}.new`;
    await writeFile(draft, text, { mode, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    throw new Error(`could not write ${path}: ${reasonOfFile(error)}`, { cause: error });
  }
}
