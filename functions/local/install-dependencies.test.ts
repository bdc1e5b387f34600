import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "clientele-install-"));
  mkdirSync(join(root, "functions/local"), { recursive: true });
  copyFileSync(join(import.meta.dirname, "install-dependencies.mjs"), join(root, "functions/local/install-dependencies.mjs"));
  writeFileSync(
    join(root, "package-lock.json"),
    JSON.stringify({ packages: { "": {}, "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "2.0.0", os: ["other"] } } }),
  );
});
afterEach(() => rmSync(root, { recursive: true }));

function haveInstalled(version: string): void {
  mkdirSync(join(root, "node_modules/a"), { recursive: true });
  writeFileSync(join(root, "node_modules/a/package.json"), "{}");
  writeFileSync(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages: { "node_modules/a": { version } } }));
}

/** Runs with an `npm` that writes down how it was called and ends with `code`. */
function run(code = 0) {
  writeFileSync(join(root, "npm"), `#!/bin/sh\necho "$@" > "${root}/called"\nexit ${code}\n`);
  chmodSync(join(root, "npm"), 0o755);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "functions/local/install-dependencies.mjs")], {
    encoding: "utf8",
    env: { PATH: `${root}:${process.env["PATH"]}` },
  });
  return { status, stdout, stderr: stderr.trim().split("\n") };
}
const npmCall = () => readFileSync(join(root, "called"), "utf8");

test("nothing is installed or said when everything is there, save for packages of other machines", () => {
  haveInstalled("1.0.0");
  expect(run()).toEqual({ status: 0, stdout: "", stderr: [""] });
  expect(npmCall).toThrow("ENOENT");
});

test.each([
  ["nothing is installed", () => {}],
  ["another version is installed", () => haveInstalled("1.0.1")],
  [
    "a package folder was deleted",
    () => {
      haveInstalled("1.0.0");
      rmSync(join(root, "node_modules/a"), { recursive: true });
    },
  ],
])("npm ci runs when %s", (_, arrange) => {
  arrange();
  expect(run().status).toBe(0);
  expect(npmCall()).toMatch(/^ci /);
});

test("an installation that fails is told in one line, with code 1", () => {
  const { status, stderr } = run(7);
  expect(status).toBe(1);
  expect(stderr).toEqual(["The dependencies could not be installed: npm ci ended with code 7."]);
});
