// The outside world: clock, randomness, log, files, parts.
export { type Clock, sleep, stayAwake, systemClock } from "./clock.ts";
export { followTimeJumps, type TimeJumpOptions } from "./time-jumps.ts";
export { type Random, systemRandom } from "./random.ts";
export { createLog, maskSecrets, silentLog, type Log, type LogFields, type LogLevel, type LogLevels } from "./log.ts";
export { runParts, type Part, type PartsOptions, type RunningParts } from "./parts.ts";
export { followFiles, readIfExists, type FollowOptions } from "./files.ts";
export type { Platform } from "./platform.ts";
export { durationProblem, formatDuration, parseDuration } from "./duration.ts";
export { inSlices, pacer, type SliceOptions } from "./slices.ts";
export { reasonOf } from "./reason.ts";
