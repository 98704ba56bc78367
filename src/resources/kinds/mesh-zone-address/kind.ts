// MeshZoneAddress: where other zones reach the zone proxies of a mesh in this zone.
import { z } from "zod";
import { defineKind } from "../../kind.ts";
import { portField } from "../../policy-schema.ts";
import type { Resource } from "../../resource.ts";

const spec = z.object({ address: z.string().min(1), port: portField });
export type MeshZoneAddressSpec = z.infer<typeof spec>;
export type MeshZoneAddress = Resource<MeshZoneAddressSpec>;

export const meshZoneAddressKind = defineKind<MeshZoneAddressSpec>({
  name: "MeshZoneAddress",
  scope: "Mesh",
  path: "meshzoneaddresses",
  shortName: "mza",
  singular: "meshzoneaddress",
  plural: "meshzoneaddresses",
  displayName: "Mesh Zone Address",
  displayNamePlural: "Mesh Zone Addresses",
  kds: { zoneToGlobal: true, zoneToZone: true },
  spec,
});
