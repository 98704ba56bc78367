// The last step before a proxy's resources are handed out: what a patch opens is made anew, everything else stays the shared object it was.
import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import type { Sealed, Sealer } from "./seal.ts";

/** A resource that a patch may look at, change or take out. */
export interface Patchable<M extends DescMessage> {
  readonly name: string;
  /** Which part of the configuration it belongs to: `inbound`, `outbound`, `admin` and so on. */
  readonly origin: string;
  /** Decoded when first asked for. */
  read(): MessageShape<M>;
  /** Puts a message in its place. */
  write(message: MessageShape<M>): void;
}

interface Slot<M extends DescMessage> extends Patchable<M> {
  sealed(): Sealed;
}

/** `known` is the resource as it is sealed; undefined for a new one. */
function slot<M extends DescMessage>(schema: M, name: string, origin: string, sealer: Sealer, known?: Sealed): Slot<M> {
  let message: MessageShape<M> | undefined;
  let isWritten = false;
  const read = (): MessageShape<M> => (message ??= fromBinary(schema, known ? fromBinary(AnySchema, known.any).value : new Uint8Array()));
  return {
    name, origin, read,
    write(next) {
      message = next;
      isWritten = true;
    },
    sealed: () => (known && !isWritten ? known : sealer.seal(schema, name, read())),
  };
}

export interface PatchProblem {
  readonly what: string;
  readonly error: unknown;
}

export interface OriginGroup {
  readonly origin: string;
  readonly clusters: readonly Sealed[];
  readonly listeners: readonly Sealed[];
}

/** Resources by name; of two with one name the later group's counts. */
export function openResources(groups: readonly OriginGroup[], sealer: Sealer) {
  const clusters = new Map(groups.flatMap(({ origin, clusters: its }) => its.map((it) => [it.name, slot(ClusterSchema, it.name, origin, sealer, it)] as const)));
  const listeners = new Map(groups.flatMap(({ origin, listeners: its }) => its.map((it) => [it.name, slot(ListenerSchema, it.name, origin, sealer, it)] as const)));
  return {
    clusters, listeners,
    /** What could not be changed as it was asked. */
    problems: [] as PatchProblem[],
    addCluster: (name: string, origin: string) => added(clusters, slot(ClusterSchema, name, origin, sealer)),
    addListener: (name: string, origin: string) => added(listeners, slot(ListenerSchema, name, origin, sealer)),
    sealed: () => ({ clusters: sortedSealed(clusters), listeners: sortedSealed(listeners) }),
  };
}

export type OpenResources = ReturnType<typeof openResources>;

function added<M extends DescMessage>(all: Map<string, Slot<M>>, it: Slot<M>): Slot<M> {
  all.set(it.name, it);
  return it;
}

const sortedSealed = <M extends DescMessage>(all: ReadonlyMap<string, Slot<M>>): readonly Sealed[] => [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((it) => it.sealed());
