import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["bench/**/*.test.ts", "domain/**/*.test.ts", "functions/**/*.test.ts", "openapi/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // The product logs what goes wrong; in tests much goes wrong on purpose.
    silent: "passed-only",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  },
});
