// All interfaces of the machine, IPv6 ones too where it has them: proxies reach `localhost` by either.
import { networkInterfaces } from "node:os";

export const allInterfaces = (): string => (Object.values(networkInterfaces()).some((addresses) => addresses?.some((it) => it.family === "IPv6")) ? "::" : "0.0.0.0");
