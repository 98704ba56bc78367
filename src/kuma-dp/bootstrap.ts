// Fetching Envoy's bootstrap document: verified, retried while it makes sense, explained when it does not (spec/dataplane.md 2.3, spec/security.md 2.2).
import type { BootstrapRequest, ControlPlaneTrust } from "#bootstrap/client";
import { type Platform, reasonOf, sleep } from "#platform";
import { badRequest, failureOf, isObject, KumaError, unavailable } from "#resources";
import type { HttpClient, HttpResponse } from "#security";

export interface FetchOptions {
  readonly client: HttpClient;
  readonly backoffMs: number;
  readonly maxDurationMs: number;
  /** Made anew for each attempt: the token file may have changed. */
  readonly request: () => Promise<Partial<BootstrapRequest>>;
  /** A control plane that cannot be verified is asked again: what it is verified by may be replaced. */
  readonly mayTrustLater?: boolean;
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

export interface Bootstrapped {
  /** The bootstrap document. */
  readonly yaml: string;
  /** Of the Dataplane; empty when the control plane does not say. */
  readonly address: string;
  /** Undefined when Envoy watches no files. */
  readonly trust: ControlPlaneTrust | undefined;
}

export async function fetchBootstrap(options: FetchOptions): Promise<Bootstrapped> {
  const { platform, backoffMs } = options;
  const deadline = platform.clock.now() + options.maxDurationMs;
  for (;;) {
    const outcome = await attempt(options);
    if ("yaml" in outcome) return outcome;
    if (platform.clock.now() + backoffMs > deadline) throw unavailable(`Failed to fetch Envoy bootstrap config. ${outcome.reason}`);
    platform.log.info("control plane is not ready for this proxy yet, trying again", { reason: outcome.reason, backoffMs });
    await sleep(platform.clock, backoffMs, options.signal);
  }
}

type Outcome = Bootstrapped | { readonly reason: string };

async function attempt({ client, request, signal, mayTrustLater = false }: FetchOptions): Promise<Outcome> {
  let facts: Partial<BootstrapRequest>;
  try {
    facts = await request();
  } catch (error) {
    // It was good when we started: a token that is just being replaced is read again.
    return { reason: reasonOf(error) };
  }
  let response: HttpResponse;
  try {
    response = await client.request({
      method: "POST", path: "/bootstrap", signal, bodyIsCredential: facts.dataplaneToken !== undefined,
      headers: { accept: "application/json", "content-type": "application/json" }, body: JSON.stringify(facts),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    if (failureOf(error)?.is === "denied" || (isTrustProblem(error) && !mayTrustLater)) throw new KumaError({ is: "unavailable", message: `Failed to fetch Envoy bootstrap config. ${reasonOf(error)}` }, { cause: error });
    return { reason: reasonOf(error) };
  }
  return read(response);
}

/** A control plane that cannot be verified now will not be verified by waiting. */
const isTrustProblem = (error: unknown): boolean => /certificate|verif|self.signed|issuer/i.test(reasonOf(error)) && !/expired/i.test(reasonOf(error));

function read({ status, body }: HttpResponse): Outcome {
  const text = body.toString("utf8");
  if (status === 200) {
    const answer = JSON.parse(text) as { bootstrap?: unknown; kumaSidecarConfiguration?: { networking?: { address?: unknown }; controlPlane?: unknown } };
    if (typeof answer.bootstrap !== "string") throw badRequest("the control plane's answer holds no bootstrap document");
    const { networking, controlPlane } = answer.kumaSidecarConfiguration ?? {};
    const address = networking?.address;
    return { yaml: Buffer.from(answer.bootstrap, "base64").toString("utf8"), address: typeof address === "string" ? address : "", trust: trustOf(controlPlane) };
  }
  if (status === 404 && text === "") return { reason: "Dataplane not found in the control plane. Create it first, or pass it to kuma-dp with --dataplane-file" };
  if (status === 404 && text.trim() === "404: Page Not Found") {
    throw badRequest("Failed to fetch Envoy bootstrap config. There is no bootstrap at this address: is --cp-address the port for data plane proxies (5678), not the one of the API (5681)?");
  }
  if (status >= 400 && status < 500) throw badRequest(`Failed to fetch Envoy bootstrap config. Invalid request: ${text}`);
  return { reason: `the control plane answered ${status}${text ? `: ${text.slice(0, 500)}` : ""}` };
}

function trustOf(value: unknown): ControlPlaneTrust | undefined {
  if (!isObject(value) || typeof value["caPem"] !== "string" || !Array.isArray(value["names"])) return undefined;
  return { caPem: value["caPem"], names: value["names"].filter((it): it is string => typeof it === "string") };
}
