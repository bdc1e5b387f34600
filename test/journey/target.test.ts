/** What `npm run journey` is told, and what it answers when that is not enough. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { environmentOf, readTarget } from "./target.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-target-"));
afterAll(() => rmSync(folder, { recursive: true }));
const keyFile = join(folder, "key");
writeFileSync(keyFile, "ck_live_file\n");

test("options come before the environment, and the key from a file", () => {
  const environment = { CLIENTELE_BASE_URL: "https://one.example", CLIENTELE_PLATFORM_KEY: "ck_live_environment" };
  expect(readTarget([], environment)).toEqual({ baseUrl: "https://one.example", platformKey: "ck_live_environment" });
  const args = ["--base-url", "https://two.example/", "--platform-key-file", keyFile, "--webhook-url", "https://hook.example/x", "--webhook-port", "8080"];
  const target = { baseUrl: "https://two.example", platformKey: "ck_live_file", webhook: { url: "https://hook.example/x", port: 8080 } };
  expect(readTarget(args, environment)).toEqual(target);
  expect(readTarget([], environmentOf(target))).toEqual(target);
});

test.each([
  ["an address without a key", ["--base-url", "https://api.example"], {}, "needs a platform key"],
  ["a key that cannot be read", ["--base-url", "https://api.example", "--platform-key-file", "/absent"], {}, "cannot be read"],
  ["an address with a path", ["--base-url", "https://api.example/v1"], { CLIENTELE_PLATFORM_KEY: "ck" }, "without a path"],
  ["an option that there is not", ["--platform-key", "ck_live_seen_by_all"], {}, "Unknown option"],
])("%s is refused in a line that says what to do", (_, args, environment, message) => {
  expect(() => readTarget(args, environment)).toThrow(message);
});
