// The client's side of the bootstrap contract, for kuma-dp: types and names, no server.
export { credentialFiles, credentialSecrets, type BootstrapRequest, type BootstrapResponse, type ControlPlaneTrust } from "../request.ts";
export { socketPath } from "../document.ts";
export { isIP } from "../address.ts";
