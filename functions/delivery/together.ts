/** Reads and commits of many deliveries at once: one request to the database costs a fraction of the time of one for each. */
import type { Change, Key } from "../../domain/kernel/table.ts";
import { openTable } from "../shell/table.ts";

type Asked<Question, Answer> = { readonly question: Question; readonly resolve: (answer: Promise<Answer>) => void };

/** Hands what is asked within a few milliseconds to `serve` at once, by partition. */
function gathering<Question, Answer>(milliseconds: number, serve: (partition: string, all: Asked<Question, Answer>[]) => void) {
  const waiting = new Map<string, Asked<Question, Answer>[]>();
  return (partition: string, question: Question): Promise<Answer> =>
    new Promise((resolve) => {
      const group = waiting.get(partition) ?? [];
      if (group.push({ question, resolve }) > 1) return;
      waiting.set(partition, group);
      setTimeout(() => {
        waiting.delete(partition);
        serve(partition, group);
      }, milliseconds);
    });
}

/** Takes from the front of `all` as many as have room together, one at least. */
function takeRun<Question, Answer>(all: Asked<Question, Answer>[], room: number, sizeOf: (question: Question) => number): Asked<Question, Answer>[] {
  const run: Asked<Question, Answer>[] = [];
  for (let left = room; all[0] && (run.length === 0 || sizeOf(all[0].question) <= left); left -= sizeOf((run.at(-1) as Asked<Question, Answer>).question))
    run.push(all.shift() as Asked<Question, Answer>);
  return run;
}

const keysAtOnce = 100;
/** As `getMany` of the partition's table. */
export const getTogether = gathering<readonly Key[], (object | undefined)[]>(2, (partition, all) => {
  while (all.length > 0) {
    const run = takeRun(all, keysAtOnce, (keys) => keys.length);
    const found = openTable(partition).getMany<object>(run.flatMap(({ question }) => question));
    let from = 0;
    for (const { question, resolve } of run) {
      const start = from;
      from += question.length;
      resolve(found.then((documents) => documents.slice(start, start + question.length)));
    }
  }
});

/** So short that nobody notices it; under load many come in this time. */
const commitMilliseconds = 10;
const changesAtOnce = 60;
/**
 * As `commit` of the partition's table: all of the changes or nothing, and Contention when somebody else wrote first. They
 * share a transaction with those of others; when that is refused, each is tried by itself and only the guilty one fails.
 */
export const commitTogether = gathering<readonly Change[], void>(commitMilliseconds, (partition, all) => {
  const table = openTable(partition);
  while (all.length > 0) {
    const run = takeRun(all, changesAtOnce, (changes) => changes.length);
    const together = table.commit(
      run.flatMap(({ question }) => question),
      () => [],
    );
    for (const { question, resolve } of run) resolve(run.length === 1 ? together : together.catch(() => table.commit(question, () => [])));
  }
});
