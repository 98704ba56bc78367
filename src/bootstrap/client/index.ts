// The client's side of the bootstrap contract, for kuma-dp: types and names, no server.
export type { BootstrapRequest, BootstrapResponse } from "../request.ts";
export { socketPath } from "../document.ts";
