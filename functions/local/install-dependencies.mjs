/**
 * Runs before `npm start` and `npm test`: installs what is missing, so that each works on a fresh clone.
 * Plain JavaScript for Node 18: the Node that runs TypeScript is itself one of the dependencies.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(root + lockFile, "utf8")).packages ?? {};
  } catch {
    return {};
  }
}

/** npm leaves out optional packages and those for other machines; everything else must be there as locked. */
function isInstalled() {
  const installed = packagesIn("node_modules/.package-lock.json");
  return Object.entries(packagesIn("package-lock.json")).every(([path, locked]) => {
    if (path === "") return true;
    const found = installed[path];
    if (!found) return Boolean(locked.optional || locked.devOptional || locked.os || locked.cpu || locked.libc);
    return found.version === locked.version && existsSync(`${root}${path}/package.json`);
  });
}

if (!isInstalled()) {
  console.log("Installing the dependencies with npm ci; this takes a minute or two.");
  const { error, status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (error || status !== 0) {
    console.error(`The dependencies could not be installed: npm ci ${error ? `did not start (${error.message})` : `ended with code ${status}`}.`);
    process.exit(1);
  }
}
