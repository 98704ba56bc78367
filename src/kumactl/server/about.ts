// What a control plane says about itself, and whether this program fits to it (spec/api.md 3.9).
import { reasonOf } from "#platform";
import { product, version } from "../program.ts";
import type { ControlPlaneClient } from "./client.ts";

export interface About {
  readonly product: string;
  readonly version: string;
  readonly document: Readonly<Record<string, unknown>>;
}

export async function about(client: ControlPlaneClient): Promise<About> {
  try {
    const document = (await client.request({ path: "/" })).json();
    if (typeof document !== "object" || document === null) throw new Error("the answer is no object");
    const fields = document as Readonly<Record<string, unknown>>;
    return { product: productOf(fields), version: textOf(fields["version"]), document: fields };
  } catch (error) {
    throw new Error(`Unable to retrieve server version: ${reasonOf(error)}`, { cause: error });
  }
}

/** `tagline` is what old control planes say instead of `product`. */
export const productOf = (fields: Readonly<Record<string, unknown>>): string => textOf(fields["product"]) || textOf(fields["tagline"]);

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** A warning about a control plane of another version; undefined when it fits. */
export function versionWarning(server: Pick<About, "product" | "version">): string | undefined {
  if ((server.product === product && server.version === version) || server.version.includes("preview")) return undefined;
  return `WARNING: You are using kumactl version ${version} for ${product}, but the server returned version: ${server.version} for ${server.product}`;
}
