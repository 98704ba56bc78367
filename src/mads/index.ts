// Monitoring assignments: Prometheus learns from the control plane what to scrape.
export { assignments, type AssignmentsOf } from "./assignments.ts";
export { madsServer, type MadsOptions, type MeshViews } from "./server.ts";
