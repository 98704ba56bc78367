// Writes .oxlintrc.json from the import law of docs/architecture.md: one row per folder, so the law is read in one place.
import { writeFileSync } from "node:fs";

const folders = [
  "platform", "resources", "security", "store", "write", "mesh", "envoy", "policies", "grpc", "xds", "bootstrap", "hds", "kds", "mads", "insights",
  "controllers", "api", "diagnostics", "intercp", "kubernetes", "transparent-proxy", "kuma-cp", "kuma-dp", "kumactl",
];
const core = ["platform", "resources", "security", "store", "write", "mesh", "envoy", "policies", "grpc"];
const protocols = ["xds", "bootstrap", "hds", "kds", "mads", "insights", "controllers", "api", "diagnostics", "intercp", "kubernetes"];

const mayImport: Record<string, readonly string[]> = {
  platform: [],
  resources: ["platform"],
  security: ["resources", "platform"],
  store: ["resources", "security", "platform"],
  write: ["resources", "security", "store", "platform"],
  mesh: ["resources", "security/names"],
  envoy: ["mesh", "resources", "security/names"],
  policies: ["envoy", "mesh", "resources"],
  grpc: ["security", "platform", "resources"],
  ...Object.fromEntries(protocols.map((folder) => [folder, core])),
  "transparent-proxy": ["resources", "platform"],
  "kuma-cp": [...core, ...protocols, "transparent-proxy"],
  "kuma-dp": [...core, "bootstrap/client", "transparent-proxy"],
  kumactl: ["resources", "policies/kinds", "security", "store/remote", "transparent-proxy", "platform"],
};

const sockets = ["node:net", "node:tls", "node:http", "node:https", "node:http2", "node:dgram", "net", "tls", "http", "https", "http2", "dgram"];
const keyFunctions = [
  "createSign", "createVerify", "sign", "verify", "createPrivateKey", "createPublicKey", "createSecretKey", "generateKeyPair", "generateKeyPairSync",
  "createCipheriv", "createDecipheriv", "createHmac", "X509Certificate", "timingSafeEqual", "privateDecrypt", "publicEncrypt", "hkdfSync", "scryptSync",
];

function importRule(folder: string) {
  const allowed = mayImport[folder] ?? [];
  const others = folders.filter((it) => it !== folder);
  const closed = others.filter((it) => !allowed.includes(it)).flatMap((it) => [`#${it}`, `#${it}/*`]);
  const doors = allowed.filter((it) => it.includes("/")).map((it) => `!#${it}`);
  const patterns = [
    { group: [...closed, ...doors], message: `${folder} may import only: ${allowed.join(", ") || "nothing of ours"} (docs/architecture.md, "what may import what")` },
    { group: others.flatMap((it) => [`../${it}/**`, `../../${it}/**`, `../../../${it}/**`]), message: "another folder is imported through its front: #folder" },
    { group: [`#${folder}`], message: "inside a folder, files import each other directly" },
  ].filter((it) => it.group.length > 0);
  const paths =
    folder === "security" ? [] : [
      ...sockets.filter((it) => !(folder === "grpc" && it === "node:http2")).map((name) => ({ name, message: "sockets belong to security/" })),
      { name: "node:crypto", importNames: keyFunctions, message: "keys, signatures and ciphers belong to security/" },
    ];
  return ["error", { paths, patterns }];
}

const timers = ["setTimeout", "setInterval", "fetch", "WebSocket"].map((name) => ({ name, message: "time comes from platform's clock, connections from security/" }));
const tests = ["**/*.test.ts", "**/*.contract.ts", "**/fake/**"];

const config = {
  $schema: "./node_modules/oxlint/configuration_schema.json",
  plugins: ["typescript", "import", "unicorn", "oxc", "promise"],
  categories: { correctness: "error" },
  options: { typeAware: true },
  rules: {
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    "unicorn/no-useless-spread": "off",
  },
  ignorePatterns: ["node_modules/**", "gen/**", "out/**", ".protos/**"],
  overrides: [
    ...folders.map((folder) => ({
      files: [`src/${folder}/**`],
      excludeFiles: undefined,
      rules: {
        "no-restricted-imports": importRule(folder),
        ...(folder === "platform" ? {} : { "no-restricted-globals": ["error", ...timers] }),
      },
    })),
    { files: [...tests, "test/**", "bench/**", "demo/**", "tools/**"], rules: { "no-restricted-imports": "off", "no-restricted-globals": "off", "typescript/no-non-null-assertion": "off" } },
    { files: ["src/*/main.ts"], rules: { "no-restricted-globals": "off" } },
    { files: ["vitest.config.ts"], rules: { "import/no-default-export": "off" } },
  ],
};
writeFileSync(".oxlintrc.json", `${JSON.stringify(config, null, 2)}\n`);
