// A resource kind, declared once: REST, kumactl, validation, store, KDS scope and documentation derive from this value.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { z } from "zod";
import type { Violation } from "./failure.ts";
import type { Place, Resource } from "./resource.ts";

/** Which control planes make a kind and which receive it (spec/api.md 1.1, column KDS). */
export interface KdsFlow {
  readonly globalToZones?: boolean;
  readonly zoneToGlobal?: boolean;
  readonly zoneToZone?: boolean;
  /** Writable on global / on a zone even when nothing is synced from there. Flows imply them. */
  readonly providedByGlobal?: boolean;
  readonly providedByZone?: boolean;
  /** Synced copies keep their name instead of getting the hashed one. */
  readonly keepsName?: boolean;
}

/** What a targetRef policy offers; spec/api.md 1.10. */
export interface PolicyTraits {
  readonly isTargetRef: boolean;
  readonly hasTo: boolean;
  readonly hasFrom: boolean;
  readonly hasRules: boolean;
  /** `from` of Mesh is read as `rules` without matches. */
  readonly isFromAsRules: boolean;
  /** What holds for callers holds for what the proxy calls as well. */
  readonly coversOutbounds?: boolean;
  /** Order of application and of entries in `_rules`; lower first. */
  readonly order: number;
  /** The conf of a `to` item that has no `default` (routes); the item without its reference when absent. */
  readonly confOf?: (item: unknown) => unknown;
}

interface KindBase {
  /** `MeshTimeout`: the `type` field of the resource. */
  readonly name: string;
  readonly scope: "Mesh" | "Global";
  /** REST collection; empty when the kind has no route. */
  readonly path: string;
  readonly pathAlias?: string;
  /** KRI short name; empty when the kind has no KRI. */
  readonly shortName: string;
  /** kumactl's arguments; empty when kumactl does not offer the kind. */
  readonly singular: string;
  readonly plural: string;
  readonly singularAlias?: string;
  readonly pluralAlias?: string;
  readonly displayName: string;
  readonly displayNamePlural: string;
  readonly kds: KdsFlow;
  readonly adminOnly?: boolean;
  readonly readOnly?: boolean;
  readonly isProxy?: boolean;
  readonly isDestination?: boolean;
  readonly systemNamespaceOnly?: boolean;
  /** The Kubernetes object has no namespace. */
  readonly isClusterScoped?: boolean;
  /** On Kubernetes the kind is a core Secret of this type. */
  readonly kubernetesSecretType?: string;
  readonly isPolicy?: boolean;
  /** `/meshes/m/<path>/n/dataplanes` of older versions exists. */
  readonly legacyInspection?: boolean;
  readonly policy?: PolicyTraits;
}

/** A kind whose fields sit beside `type`, `name`, `mesh`: the protobuf message is its schema. */
export interface FlatKind<M extends DescMessage = DescMessage> extends KindBase {
  readonly shape: "flat";
  readonly message: M;
  /** Completes what the user left out, before the last validation. Pure. */
  readonly applyDefaults?: (spec: MessageShape<M>, place: Place, isNew: boolean) => MessageShape<M>;
  /** Labels that follow from the spec; undefined takes one away. */
  readonly labelsOf?: (spec: MessageShape<M>) => Readonly<Record<string, string | undefined>>;
  readonly portsOf?: undefined;
  readonly validate?: (spec: MessageShape<M>, resource: Resource<MessageShape<M>>) => readonly Violation[];
  readonly deprecations?: (resource: Resource<MessageShape<M>>) => readonly string[];
}

/** A kind with `spec` (and maybe `status`): a zod schema checks structure, `validate` checks meaning. */
export interface SpecKind<S = unknown, T = unknown> extends KindBase {
  readonly shape: "spec";
  readonly spec: z.ZodType<S>;
  readonly status?: z.ZodType<T>;
  readonly validate?: (spec: S, resource: Resource<S, T>) => readonly Violation[];
  readonly deprecations?: (resource: Resource<S, T>) => readonly string[];
  readonly labelsOf?: (spec: S) => Readonly<Record<string, string | undefined>>;
  /** The ports of a destination: what its SNIs are made of. */
  readonly portsOf?: (spec: S) => readonly { readonly port: number; readonly name?: string | undefined }[];
  /** Merges confs in order, later wins; the default is JSON merge patch with appended `append*` arrays. */
  readonly merge?: (confs: readonly unknown[]) => readonly unknown[];
}

/* eslint-disable typescript/no-explicit-any -- a list of kinds holds specs of every type */
interface AnyFlatKind extends KindBase {
  readonly shape: "flat";
  readonly message: DescMessage;
  readonly applyDefaults?: (spec: any, place: Place, isNew: boolean) => any;
  readonly labelsOf?: (spec: any) => Readonly<Record<string, string | undefined>>;
  readonly portsOf?: undefined;
  readonly validate?: (spec: any, resource: Resource<any>) => readonly Violation[];
  readonly deprecations?: (resource: Resource<any>) => readonly string[];
}
export type Kind = AnyFlatKind | SpecKind<any, any>;
/* eslint-enable typescript/no-explicit-any */

/** Declares a flat kind; the message type flows into its functions. */
export function defineFlatKind<M extends DescMessage>(kind: Omit<FlatKind<M>, "shape">): FlatKind<M> {
  return { shape: "flat", ...kind };
}

/** Declares a kind with `spec`. */
export function defineKind<S, T = undefined>(kind: Omit<SpecKind<S, T>, "shape">): SpecKind<S, T> {
  return { shape: "spec", ...kind };
}

/** True when a zone (or global) control plane may write the kind; spec/api.md 1.1 "Writability". */
export const isProvidedByGlobal = (kind: Kind): boolean => kind.kds.globalToZones === true || kind.kds.providedByGlobal === true;
export const isProvidedByZone = (kind: Kind): boolean => kind.kds.zoneToGlobal === true || kind.kds.providedByZone === true;

/** All kinds of one program, looked up by name, path, KRI short name or kumactl argument. */
export interface Kinds {
  readonly all: readonly Kind[];
  byName(name: string): Kind | undefined;
  byPath(path: string): Kind | undefined;
  byShortName(shortName: string): Kind | undefined;
  /** By kumactl's singular or plural argument or alias. */
  byArgument(argument: string): Kind | undefined;
}

export function kindsOf(all: readonly Kind[]): Kinds {
  const names = new Map(all.map((kind) => [kind.name, kind]));
  const paths = new Map(all.flatMap((kind) => [kind.path, kind.pathAlias ?? ""].filter(Boolean).map((path) => [path, kind] as const)));
  const shortNames = new Map(all.filter((kind) => kind.shortName).map((kind) => [kind.shortName, kind]));
  const argumentsOf = (kind: Kind) => [kind.singular, kind.plural, kind.singularAlias ?? "", kind.pluralAlias ?? ""].filter(Boolean);
  const byArgument = new Map(all.flatMap((kind) => argumentsOf(kind).map((argument) => [argument, kind] as const)));
  return {
    all,
    byName: (name) => names.get(name),
    byPath: (path) => paths.get(path),
    byShortName: (shortName) => shortNames.get(shortName),
    byArgument: (argument) => byArgument.get(argument),
  };
}
