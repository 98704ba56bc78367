import { expect, test } from "vitest";
import { redact } from "./redact.ts";

test("the token of the control plane's connection is not shown", () => {
  const dump = { configs: [{ grpc_services: [{ initial_metadata: [{ key: "authorization", value: "eyJ.secret" }, { key: "other", value: "x" }] }] }] };
  expect(JSON.stringify(redact(dump))).not.toContain("eyJ");
  expect(redact(dump)).toEqual({ configs: [{ grpc_services: [{ initial_metadata: [{ key: "authorization", value: "[redacted]" }, { key: "other", value: "x" }] }] }] });
});

test("inline private keys are not shown, file names are", () => {
  expect(redact({ private_key: { inline_bytes: "LS0t" } })).toEqual({ private_key: { inline_bytes: "[redacted]" } });
  expect(redact({ privateKey: { filename: "/k.pem" } })).toEqual({ privateKey: { filename: "/k.pem" } });
  expect(redact({ password: "p" })).toEqual({ password: "[redacted]" });
});
