// The part of MeshService (and its siblings) that the engine reads.
import type { Resource } from "#resources";

export interface MeshServicePort {
  readonly name?: string | undefined;
  readonly port: number;
  readonly targetPort?: number | string | undefined;
  readonly appProtocol?: string | undefined;
}

export interface MeshServiceSpec {
  readonly selector?: {
    readonly dataplaneTags?: Readonly<Record<string, string>> | undefined;
    readonly dataplaneRef?: { readonly name?: string | undefined } | undefined;
    /** Of a MeshMultiZoneService. */
    readonly meshService?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
    readonly dataplaneLabels?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
  } | undefined;
  readonly ports?: readonly MeshServicePort[] | undefined;
  readonly identities?: readonly { readonly type: string; readonly value: string }[] | undefined;
  readonly state?: string | undefined;
}

export interface MeshServiceStatus {
  readonly vips?: readonly { readonly ip?: string | undefined }[] | undefined;
  readonly addresses?: readonly { readonly hostname?: string | undefined }[] | undefined;
  readonly tls?: { readonly status?: string | undefined } | undefined;
}

export type MeshServiceResource = Resource<MeshServiceSpec, MeshServiceStatus>;

/** Section name of a port: its name, or its number. */
export const sectionName = (port: MeshServicePort): string => port.name || String(port.port);
