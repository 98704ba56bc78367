// All pages that print a plan; what is not built yet is left out and so has no route.
import type { Inspection } from "../options.ts";
import { inspectConfig } from "./config.ts";
import type { InspectionParts } from "./parts.ts";

export function createInspection(parts: InspectionParts): Inspection {
  return {
    dataplaneConfig: inspectConfig(parts),
  };
}
