// Every key there is.
import { meshKeys } from "./mesh.ts";
import { multizoneKeys } from "./multizone.ts";
import { observabilityKeys } from "./observability.ts";
import { runtimeKeys } from "./runtime.ts";
import { securityKeys } from "./security.ts";
import { serversKeys } from "./servers.ts";
import { storeKeys } from "./store.ts";
import { tlsKeys } from "./tls.ts";

export const keys = { ...storeKeys, ...serversKeys, ...tlsKeys, ...securityKeys, ...observabilityKeys, ...meshKeys, ...multizoneKeys, ...runtimeKeys } as const;

export type KeyPath = keyof typeof keys;
export type ValueOf<P extends KeyPath> = (typeof keys)[P]["fallback"];
