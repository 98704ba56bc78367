// The one door through which resources are written.
export { openWriteDoor, type DoorOptions, type WriteCondition, type WriteDoor, type Written } from "./write.ts";
export { isPerson, type Access, type Operation, type Writer, type WritingUser } from "./writer.ts";
export { isReadOnlyKind, readOnlyText } from "./writable.ts";
export { builtinBackend, providedBackend, secretsOfBackend, type CheckBackend } from "./certificate-backends.ts";
export type { GuardContext } from "./guards.ts";
