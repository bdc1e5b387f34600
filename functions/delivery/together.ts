/** Commits of many deliveries at once: one transaction costs a fraction of the time of one request for each. */
import type { Change } from "../../domain/kernel/table.ts";
import { openTable } from "../shell/table.ts";

type Waiting = { readonly changes: readonly Change[]; readonly resolve: (done: Promise<void>) => void };

/** So short that nobody notices it; under load many come in this time. */
const gatherMilliseconds = 10;
const changesAtOnce = 60;
const waiting = new Map<string, Waiting[]>();

/**
 * As `commit` of the partition's table: all of `changes` or nothing, and Contention when somebody else wrote first. They
 * share a transaction with those of others; when that is refused, each is tried by itself and only the guilty one fails.
 */
export function commitTogether(partition: string, changes: readonly Change[]): Promise<void> {
  return new Promise((resolve) => {
    const group = waiting.get(partition);
    if (group) group.push({ changes, resolve });
    else {
      waiting.set(partition, [{ changes, resolve }]);
      setTimeout(() => flush(partition), gatherMilliseconds);
    }
  });
}

function flush(partition: string): void {
  const all = waiting.get(partition) ?? [];
  waiting.delete(partition);
  const table = openTable(partition);
  const commit = (changes: readonly Change[]) => table.commit(changes, () => []);
  while (all.length > 0) {
    const some: Waiting[] = [];
    for (let room = changesAtOnce; all[0] && (some.length === 0 || all[0].changes.length <= room); room -= some.at(-1)?.changes.length ?? 0)
      some.push(all.shift() as Waiting);
    const together = commit(some.flatMap(({ changes }) => changes));
    for (const { changes, resolve } of some) resolve(some.length === 1 ? together : together.catch(() => commit(changes)));
  }
}
