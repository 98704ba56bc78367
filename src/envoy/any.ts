// Packing typed extensions: Envoy's filters, transport sockets and protocol options travel as Any.
import { create, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { AnySchema, type Any } from "@bufbuild/protobuf/wkt";

export const typeUrlOf = (schema: DescMessage): string => `type.googleapis.com/${schema.typeName}`;

export function pack<M extends DescMessage>(schema: M, message: MessageShape<M>): Any {
  return create(AnySchema, { typeUrl: typeUrlOf(schema), value: toBinary(schema, message) });
}

/** Builds and packs in one step. */
export function packNew<M extends DescMessage>(schema: M, init: MessageInitShape<M>): Any {
  return pack(schema, create(schema, init));
}

/** A filter or other extension that policies may still change; packed when it is sealed. */
export interface Typed<M extends DescMessage = DescMessage> {
  readonly name: string;
  readonly schema: M;
  readonly message: MessageShape<M>;
}

export function typed<M extends DescMessage>(name: string, schema: M, init: MessageInitShape<M>): Typed<M> {
  return { name, schema, message: create(schema, init) };
}

export const packTyped = (extension: Typed): Any => pack(extension.schema, extension.message);

/** The message of an extension when it is of this type. */
export function messageOf<M extends DescMessage>(extension: Typed, schema: M): MessageShape<M> | undefined {
  return extension.schema.typeName === schema.typeName ? (extension.message as MessageShape<M>) : undefined;
}
