// Whole lists, page by page.
import { listAt, objectAt, textAt, type Json } from "../documents/rows.ts";
import type { ControlPlaneClient } from "../server/client.ts";

const pageSize = 1000;

export async function listAll(client: ControlPlaneClient, path: string): Promise<Json[]> {
  const all: Json[] = [];
  for (let offset: string | null = "0"; offset !== null; ) {
    const page: Json = objectAt((await client.request({ path: `${path}?offset=${encodeURIComponent(offset)}&size=${pageSize}` })).json());
    for (const item of listAt(page, "items")) all.push(objectAt(item));
    offset = URL.parse(textAt(page, "next"))?.searchParams.get("offset") ?? null;
  }
  return all;
}
