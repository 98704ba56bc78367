// Health discovery: Envoy checks workloads, the control plane keeps what it finds.
export { hdsCalls, streamMethod, type AdmittedHealthStream, type HdsOptions, type HdsServer } from "./server.ts";
export { healthChecks, resultsOf, withResults, type CheckSettings, type Results } from "./checks.ts";
