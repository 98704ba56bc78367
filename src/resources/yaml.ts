// YAML as Kuma's Go reads it: by the older rules, where `yes` and `on` are true and `<<` merges.
import { boolCoreTag, boolYaml11Tag, CORE_SCHEMA, mergeTag, Schema } from "js-yaml";

export const yamlSchema = new Schema([...CORE_SCHEMA.tags.filter((it) => it !== boolCoreTag), boolYaml11Tag, mergeTag]);
