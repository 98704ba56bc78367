// Opens the configured store, with the key that seals its secrets.
import { dirname, join } from "node:path";
import { readIfExists, type Platform } from "#platform";
import type { Kinds } from "#resources";
import { makeDirectory, makeSecretsKeyFile, openSecret, parseSecretsKey, readSecretsKeyFile, sealSecret } from "#security";
import { dropEarlyThread } from "#store/thread";
import { jsonCodec, memoryStore, sqliteStore, type Sealing, type Store } from "#store";
import { bundledWorker } from "./bundled-worker.ts";
import { defaultsOf } from "./compatibility.ts";
import type { Config } from "./config/load.ts";

export async function openStore(config: Config, workDir: string, kinds: Kinds, platform: Platform): Promise<Store> {
  const log = platform.log.child("store");
  if (defaultsOf(config).storeType === "memory") {
    await dropEarlyThread();
    return memoryStore({ clock: platform.clock, log });
  }
  const path = config.get("store.sqlite.path") || join(workDir, "kuma.db");
  // Nobody else has made the directory where the operator gives the certificates.
  await makeDirectory(dirname(path));
  const sealing = await openSealing(config, path);
  log.info("store", { type: "sqlite", path });
  const workerUrl = bundledWorker(import.meta.url);
  return sqliteStore({ path, codec: jsonCodec(kinds, sealing), clock: platform.clock, log, ...(workerUrl ? { workerUrl } : {}) });
}

async function openSealing(config: Config, storePath: string): Promise<Sealing> {
  const inline = config.get("store.encryption.key");
  const keyFile = config.get("store.encryption.keyFile") || `${storePath}.key`;
  if (!inline && !config.get("store.encryption.keyFile") && (await readIfExists(keyFile)) === undefined) await makeSecretsKeyFile(keyFile);
  const key = inline ? parseSecretsKey(inline, "store.encryption.key (KUMA_STORE_ENCRYPTION_KEY)") : await readSecretsKeyFile(keyFile);
  return {
    seal: (plain, context) => sealSecret(plain, key, context),
    open: (sealed, context) => openSecret(sealed, key, context),
  };
}
