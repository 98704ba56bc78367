import { defineConfig } from "vitest/config";

// Before each file of each project; a file of a project without isolation gets it too.
const setupFiles = ["test/harness/setup.ts"];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"], pool: "threads", isolate: false, setupFiles, testTimeout: 20_000 } },
      { test: { name: "integration", include: ["test/integration/**/*.test.ts", "test/fuzz/**/*.test.ts", "test/conformance/**/*.test.ts"], pool: "forks", setupFiles, testTimeout: 60_000 } },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], pool: "forks", setupFiles, testTimeout: 180_000, hookTimeout: 120_000, fileParallelism: false } },
    ],
  },
});
