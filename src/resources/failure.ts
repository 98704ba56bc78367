// Expected failures of the whole product: one union, made by functions, carried by one error class, translated once per edge.

export interface Violation {
  /** Path of the field, e.g. `spec.to[0].default.http.requestTimeout`. */
  readonly field: string;
  readonly message: string;
}

export type Failure =
  | { readonly is: "not-found"; readonly message: string }
  | { readonly is: "conflict"; readonly message: string }
  | { readonly is: "invalid"; readonly message: string; readonly violations: readonly Violation[] }
  | { readonly is: "bad-request"; readonly message: string }
  | { readonly is: "denied"; readonly message: string; readonly code?: string }
  | { readonly is: "unauthenticated"; readonly message: string; readonly code?: string }
  | { readonly is: "read-only"; readonly message: string }
  | { readonly is: "unavailable"; readonly message: string; readonly code?: string };

export class KumaError extends Error {
  readonly failure: Failure;
  /** What was being tried, e.g. `Could not process a resource`: the title of a REST error. */
  readonly attempt: string | undefined;
  constructor(failure: Failure, options?: ErrorOptions & { readonly attempt?: string }) {
    super(failure.message, options);
    this.name = "KumaError";
    this.failure = failure;
    this.attempt = options?.attempt;
  }

  /** The stable code of what was refused (security/refusals.ts), for logs and alerts; undefined when nothing was. */
  get refusal(): string | undefined {
    const { failure } = this;
    if ("code" in failure) return failure.code;
    return failure.is === "denied" ? "access-denied" : failure.is === "unauthenticated" ? "user-unauthenticated" : undefined;
  }
}

/** Runs `action`; a failure of ours that leaves it says what was being tried, unless an inner step has said so already. */
export async function whileTrying<T>(attempt: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof KumaError) || error.attempt !== undefined) throw error;
    throw new KumaError(error.failure, { cause: error.cause ?? error, attempt });
  }
}

export const notFound = (message: string) => new KumaError({ is: "not-found", message });
export const conflict = (message: string) => new KumaError({ is: "conflict", message });
export const badRequest = (message: string) => new KumaError({ is: "bad-request", message });
export const denied = (message: string, code?: string) => new KumaError({ is: "denied", message, ...(code === undefined ? {} : { code }) });
export const unauthenticated = (message: string, code?: string) => new KumaError({ is: "unauthenticated", message, ...(code === undefined ? {} : { code }) });
export const readOnly = (message: string) => new KumaError({ is: "read-only", message });
export const unavailable = (message: string, options?: ErrorOptions & { readonly code?: string }) =>
  new KumaError({ is: "unavailable", message, ...(options?.code === undefined ? {} : { code: options.code }) }, options);

/** Carries every violation; its message is Kuma's `field: message; field: message`. */
export function invalid(violations: readonly Violation[]): KumaError {
  const message = violations.map((it) => (it.field ? `${it.field}: ${it.message}` : it.message)).join("; ");
  return new KumaError({ is: "invalid", message, violations });
}

export const violation = (field: string, message: string): Violation => ({ field, message });

/** The failure an error carries, when it is one of ours. */
export function failureOf(error: unknown): Failure | undefined {
  return error instanceof KumaError ? error.failure : undefined;
}
