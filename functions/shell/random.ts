/** Ids and secrets. */
import { randomFillSync, randomInt } from "node:crypto";
import { ulid } from "ulid";

const pool = new Uint8Array(4096);
let used = pool.length;
/** A random fraction from a pool of strong random bytes: one system call per 4096 characters instead of one for each. */
function pooledRandom(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return (pool[used++] as number) / 256;
}

/** `<prefix>_` and a ULID: 48 bits of time, 80 bits of chance, sorted by time. */
export const newId = (prefix: string, now: Date = new Date()): string => `${prefix}_${ulid(now.getTime(), pooledRandom)}`;

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** An unguessable string of letters and digits. */
export const newSecret = (characters: number): string => Array.from({ length: characters }, () => letters[randomInt(letters.length)]).join("");
