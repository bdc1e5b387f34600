import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/journey/given-target.journey.ts"],
    pool: "forks",
    reporters: ["verbose"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
  },
});
