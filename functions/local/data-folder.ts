/** The folder that a local Clientele keeps everything in, held by one process at a time. */
import { accessSync, constants, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartFailure } from "./start-failure.ts";

/**
 * Makes the folder if need be and locks it until `close`. Two processes on one folder would read the stream twice and
 * overwrite each other's position. The lock is SQLite's on an empty file, since the system drops it whenever and
 * however the process ends: nothing is left behind that a later start could mistake for a running one.
 */
export function openDataFolder(path: string): { close(): void } {
  try {
    makeFolder(resolve(path));
    accessSync(path, constants.W_OK);
    const lock = new DatabaseSync(join(path, "lock"));
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    const { code, errstr } = error as { code?: string; errstr?: string };
    if (errstr === "database is locked")
      throw new StartFailure(`The data folder ${path} is in use by another Clientele. Stop that one, or choose another folder with --data.`);
    throw new StartFailure(`The data folder ${path} cannot be written (${errstr ?? code}). Choose another with --data.`);
  }
}

/** Node's own recursive way never ends where the system refuses a folder by saying that its parent is absent, as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** The file has the old text or the new one, never a part, whenever the process is killed. */
export function writeAtomically(file: string, text: string): void {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
