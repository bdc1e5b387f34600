/** What the local queue holds, in a SQLite file: written before a message counts as taken, removed when its work is done. */
import { DatabaseSync } from "node:sqlite";

export type Kept = {
  readonly id: number;
  readonly body: string;
  readonly group: string;
  readonly receives: number /** Milliseconds since 1970. */;
  readonly readyAt: number;
};

export type QueueFile = {
  all(): Kept[];
  add(entries: readonly Omit<Kept, "id">[]): Kept[];
  /** `done` are removed, `again` are kept as they now are. */
  settle(done: readonly Kept[], again: readonly Kept[]): void;
  close(): void;
};

export function openQueueFile(path: string): QueueFile {
  const database = new DatabaseSync(path);
  // Survives the end of the process at any instant; the last messages may be lost when the machine loses its power.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  database.exec('CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, body TEXT, "group" TEXT, receives INTEGER, readyAt INTEGER) STRICT');
  const insert = database.prepare('INSERT INTO messages (body, "group", receives, readyAt) VALUES (?, ?, ?, ?)');
  const update = database.prepare("UPDATE messages SET receives = ?, readyAt = ? WHERE id = ?");
  const remove = database.prepare("DELETE FROM messages WHERE id = ?");
  const atOnce = <Result>(work: () => Result): Result => {
    database.exec("BEGIN");
    try {
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  };
  return {
    all: () => database.prepare("SELECT * FROM messages ORDER BY id").all() as Kept[],
    add: (entries) =>
      atOnce(() => entries.map((entry) => ({ ...entry, id: Number(insert.run(entry.body, entry.group, entry.receives, entry.readyAt).lastInsertRowid) }))),
    settle: (done, again) =>
      atOnce(() => {
        for (const { id } of done) remove.run(id);
        for (const { id, receives, readyAt } of again) update.run(receives, readyAt, id);
      }),
    close: () => database.close(),
  };
}
