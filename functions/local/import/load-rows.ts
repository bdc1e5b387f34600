/** Loads the rows of a file, window after window, with a checkpoint after each. */
import { type Checkpoint, sumLoaded, writeCheckpoint } from "./checkpoint.ts";
import type { Client } from "./client.ts";
import { type Item, isRefusal, itemMaker } from "./items.ts";
import type { Mapping } from "./mapping.ts";
import { startProgress } from "./progress.ts";
import { addToReport, resumeReport } from "./report.ts";
import type { Row, Source } from "./rows.ts";
import { upload } from "./uploader.ts";

/** What is held in memory, and what an interruption repeats: as many rows for each request under way, of at most so many characters. */
const windowRowsPerRequest = 500;
const windowCharactersMax = 20_000_000;

type Import = {
  readonly client: Client;
  readonly concurrency: number;
  readonly mapping: Mapping;
  readonly source: Source;
  readonly state: string;
  readonly report: string;
};

/** Goes on from `start` to the end of the file. Ends the process on Ctrl-C. Throws ImportFailure. */
export async function loadRows({ client, concurrency, mapping, source, state, report }: Import, start: Checkpoint): Promise<Checkpoint> {
  resumeReport(report, start.reportBytes);
  const progress = startProgress(source.bytes, start.rows);
  process.once("SIGINT", () => {
    progress.stop();
    console.error("Interrupted. The same command goes on.");
    process.exit(130);
  });
  const itemOf = itemMaker(mapping, source.columns);
  const startedAt = Date.now();
  const loadWindow = async (done: Checkpoint, rows: readonly Row[]): Promise<Checkpoint> => {
    const made = rows.map(itemOf);
    const items = made.filter((one): one is Item => !isRefusal(one));
    const bytesDone = source.bytesRead();
    let sent = rows.length - items.length;
    const { loaded, refusals } = await upload(client, mapping, items, concurrency, (count) => {
      sent += count;
      progress.show(done.bytesDone + ((bytesDone - done.bytesDone) * sent) / rows.length, done.rows + sent, done.refused);
    });
    const refused = [...made.filter(isRefusal), ...refusals];
    return {
      ...done,
      linesDone: rows.at(-1)?.lastLine ?? done.linesDone,
      bytesDone,
      rows: done.rows + rows.length,
      refused: done.refused + refused.length,
      // The report is written before the checkpoint: after an interruption a row is judged again rather than forgotten.
      reportBytes: addToReport(report, refused),
      loaded: sumLoaded(done.loaded, loaded),
      seconds: start.seconds + (Date.now() - startedAt) / 1000,
    };
  };
  try {
    let done = start;
    for await (const rows of windowsOf(source.rows, start.linesDone, concurrency * windowRowsPerRequest)) {
      done = await loadWindow(done, rows);
      writeCheckpoint(state, done);
      progress.show(done.bytesDone, done.rows, done.refused);
    }
    done = { ...done, finished: true };
    writeCheckpoint(state, done);
    return done;
  } finally {
    progress.stop();
  }
}

async function* windowsOf(rows: AsyncIterable<Row>, afterLine: number, rowsMax: number): AsyncGenerator<Row[]> {
  let window: Row[] = [];
  let characters = 0;
  for await (const row of rows) {
    if (row.line <= afterLine) continue;
    window.push(row);
    characters += row.raw.length;
    if (window.length < rowsMax && characters < windowCharactersMax) continue;
    yield window;
    window = [];
    characters = 0;
  }
  if (window.length > 0) yield window;
}
