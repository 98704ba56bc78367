// Whether what a user writes is an Envoy resource: found when it is written, not when a proxy refuses it.
import { flatProblem, violation, type AnyTypes, type Violation } from "#resources";
import { messageNames } from "#gen/native/rules.js";
import { ClusterSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { FilterSchema } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { VirtualHostSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { HttpFilterSchema } from "#gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import type { DescMessage } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { envoyRegistry } from "../registry.ts";
import { nativeObject, readNative } from "./read.ts";
import { ruleProblem } from "./rules.ts";

/** By the names that policies have for them. */
const schemas: Readonly<Record<string, DescMessage>> = { cluster: ClusterSchema, listener: ListenerSchema, networkFilter: FilterSchema, httpFilter: HttpFilterSchema, virtualHost: VirtualHostSchema };

let names: ReadonlySet<string> | undefined;

/** A type inside an Any: its schema, `unchecked` for one of Envoy's that is not known here in full, undefined for none of Envoy's. */
export function nativeType(url: string): ReturnType<AnyTypes> {
  const name = url.split("/").at(-1) ?? "";
  names ??= new Set(messageNames.split(" "));
  return envoyRegistry.getMessage(name) ?? (names.has(name) || name.startsWith("google.protobuf.") ? "unchecked" : undefined);
}

const told = (field: string, problem: string | undefined): readonly Violation[] => (problem === undefined ? [] : [violation(field, `native Envoy resource is not valid: ${problem}`)]);

/** A resource to be added, which must be whole, or a part of one that is merged into others. `subject` is what policies call it. */
export function nativeViolations(field: string, subject: string, text: string, { isWhole }: { readonly isWhole: boolean }): readonly Violation[] {
  const [schema, read] = [schemas[subject], readNative(text)];
  if ("problem" in read || !schema) return told(field, "problem" in read ? read.problem : undefined);
  if (read.value !== null) {
    const problem = flatProblem(schema, read.value, nativeType);
    if (problem) return told(field, problem);
  }
  return told(field, isWhole ? ruleProblem(schema, nativeObject(read.value)) : undefined);
}

/** A whole resource that names its type itself. */
export function typedNativeViolations(field: string, text: string): readonly Violation[] {
  const read = readNative(text);
  if ("problem" in read) return told(field, read.problem);
  if (read.value === null) return told(field, "proto: invalid empty type URL");
  const problem = flatProblem(AnySchema, read.value, nativeType);
  if (problem) return told(field, problem);
  const { "@type": url, ...fields } = nativeObject(read.value);
  const schema = nativeType(String(url));
  return told(field, typeof schema === "object" ? ruleProblem(schema, fields) : undefined);
}
