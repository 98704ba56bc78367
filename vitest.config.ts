import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"], pool: "threads", isolate: false, testTimeout: 20_000 } },
      { test: { name: "integration", include: ["test/integration/**/*.test.ts", "test/fuzz/**/*.test.ts", "test/conformance/**/*.test.ts"], pool: "forks", testTimeout: 60_000 } },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], pool: "forks", testTimeout: 180_000, hookTimeout: 120_000, fileParallelism: false } },
    ],
  },
});
