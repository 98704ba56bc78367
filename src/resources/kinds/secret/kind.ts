// Secret and GlobalSecret: bytes that only administrators read.
import { SecretSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { defineFlatKind } from "../../kind.ts";

export const secretKind = defineFlatKind<typeof SecretSchema>({
  name: "Secret",
  scope: "Mesh",
  path: "secrets",
  shortName: "",
  singular: "secret",
  plural: "secrets",
  displayName: "Secret",
  displayNamePlural: "Secrets",
  kds: { globalToZones: true, providedByZone: true, keepsName: true },
  adminOnly: true,
  kubernetesSecretType: "system.kuma.io/secret",
  message: SecretSchema,
});

export const globalSecretKind = defineFlatKind<typeof SecretSchema>({
  name: "GlobalSecret",
  scope: "Global",
  path: "globalsecrets",
  pathAlias: "global-secrets",
  shortName: "",
  singular: "globalsecret",
  plural: "globalsecrets",
  singularAlias: "global-secret",
  pluralAlias: "global-secrets",
  displayName: "Global Secret",
  displayNamePlural: "Global Secrets",
  kds: { globalToZones: true, providedByZone: true, keepsName: true },
  adminOnly: true,
  kubernetesSecretType: "system.kuma.io/global-secret",
  message: SecretSchema,
});
