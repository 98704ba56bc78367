// A whole collection as lines of JSON (`Accept: application/x-ndjson`), as long as it may be: written as fast as it is read, never held as a whole.
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { printResource, type Kind, type Resource } from "#resources";

export const linesMediaType = "application/x-ndjson";

/** Asked for by name only: Kuma answers 406 to it, so no client of Kuma's means anything else. */
export const wantsLines = (accept: string | undefined): boolean =>
  (accept ?? "").split(",").some((it) => {
    const [type = "", ...parameters] = it.split(";").map((part) => part.trim().toLowerCase());
    return type === linesMediaType && !parameters.some((part) => /^q\s*=\s*0(\.0*)?$/.test(part));
  });

/** `resources` is a list that does not change: what is written meanwhile is not in it. */
export function sendLines(reply: FastifyReply, kind: Kind, resources: readonly Resource[], shown: (text: Buffer) => Buffer): FastifyReply {
  const stream = Readable.from(chunks(kind, resources, shown), { objectMode: false, highWaterMark: chunkLength });
  return reply.header("content-type", linesMediaType).header("x-total-count", String(resources.length)).send(stream);
}

const chunkLength = 64 * 1024;

function* chunks(kind: Kind, resources: readonly Resource[], shown: (text: Buffer) => Buffer): Iterable<Buffer> {
  let text = "";
  for (const resource of resources) {
    text += `${JSON.stringify(printResource(kind, resource))}\n`;
    if (text.length < chunkLength) continue;
    yield shown(Buffer.from(text));
    text = "";
  }
  if (text !== "") yield shown(Buffer.from(text));
}
