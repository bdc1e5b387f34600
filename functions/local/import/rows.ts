/** Rows of a CSV file of any size, one at a time, each with the number of its first line. */
import { createReadStream, type ReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type CsvError, parse } from "csv-parse/sync";
import { ImportFailure } from "./failure.ts";
import type { CsvFormat } from "./mapping.ts";

/** What is wrong with a row. `pointer` leads into the item that the API would have got; empty for the row as a whole. */
export type Fault = { readonly column: string; readonly pointer: string; readonly code: string; readonly detail: string };
/** `raw` is as in the file, with LF between lines. A row with faults has no values. */
export type Row = {
  readonly line: number;
  readonly lastLine: number;
  readonly raw: string;
  readonly values: readonly string[];
  readonly faults: readonly Fault[];
};
export type Source = {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Row>;
  readonly bytes: number;
  readonly modifiedAt: string;
  /** Bytes of the lines read so far. */
  bytesRead(): number;
};

/** A quote that is never closed must not swallow the rest of the file, nor the memory. */
const rowCharactersMax = 100_000;
const lineCharactersMax = 1_000_000;

/** Columns are named by the header line, or else by their numbers from 1. Throws ImportFailure. */
export async function openRows(file: string, format: CsvFormat): Promise<Source> {
  const { size, mtime } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new ImportFailure(`${file} cannot be read (${error.code}).`);
  });
  let bytesRead = 0;
  const lines = readLines(createReadStream(file, "utf8"), (bytes) => {
    bytesRead += bytes;
  });
  const records = readRecords(lines, format.delimiter);
  const { value: first } = await records.next();
  if (!first) throw new ImportFailure(`${file} is empty.`);
  if (first.faults[0]) throw new ImportFailure(`The first line of ${file} cannot be read: ${first.faults[0].detail}`);
  const columns = format.header ? first.values : first.values.map((_, index) => String(index + 1));
  async function* rows() {
    if (!format.header) yield first as Row;
    for await (const row of records) yield ofWidth(columns.length, row);
  }
  return { columns, rows: rows(), bytes: size, modifiedAt: mtime.toISOString(), bytesRead: () => bytesRead };
}

/** Not `node:readline`: that also breaks lines at U+2028, which may stand in a field. */
async function* readLines(stream: ReadStream, onRead: (bytes: number) => void): AsyncGenerator<string, undefined> {
  let rest = "";
  let isStart = true;
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + (isStart ? chunk.replace(/^\uFEFF/, "") : chunk)).split("\n");
    isStart = false;
    rest = lines.pop() as string;
    for (const line of lines) {
      onRead(Buffer.byteLength(line) + 1);
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
    if (rest.length > lineCharactersMax)
      throw new ImportFailure(`The file has a line of more than ${lineCharactersMax} characters: it is no CSV, or its lines do not end in LF.`);
  }
  onRead(Buffer.byteLength(rest));
  if (rest !== "") yield rest;
}

/**
 * Puts the lines of a row together and has each row parsed by itself. csv-parse on the whole stream would count a CRLF
 * inside quotes as two lines, and go on after a wrong quote somewhere inside the next quoted field.
 */
async function* readRecords(lines: AsyncGenerator<string, undefined>, delimiter: string): AsyncGenerator<Row, undefined> {
  const isOpen = delimiter === "whitespace" ? () => false : openQuoteTest(delimiter);
  const givenBack: string[] = [];
  const nextLine = async () => givenBack.shift() ?? (await lines.next()).value;
  let line = 1;
  for (let first = await nextLine(); first !== undefined; first = await nextLine()) {
    const held = [first];
    let characters = first.length;
    let open = isOpen(first);
    while (open) {
      const next = characters < rowCharactersMax ? await nextLine() : undefined;
      if (next === undefined) break;
      held.push(next);
      characters += next.length + 1;
      if (next.includes('"')) open = isOpen(held.join("\n"));
    }
    if (open) givenBack.unshift(...held.splice(1));
    if (held.length > 1 || first.trim() !== "") yield toRow(held, line, open, delimiter);
    line += held.length;
  }
}

/** Tells whether a text ends inside a quoted field. */
function openQuoteTest(delimiter: string): (text: string) => boolean {
  const mark = RegExp.escape(delimiter);
  const quoted = '"[^"]*(?:""[^"]*)*';
  const pattern = new RegExp(`^(?:(?:${quoted}"|[^"${mark}][^${mark}]*|)${mark})*${quoted}$`);
  return (text) => text.includes('"') && pattern.test(text);
}

function toRow(held: readonly string[], line: number, open: boolean, delimiter: string): Row {
  const raw = held.join("\n");
  const row = { line, lastLine: line + held.length - 1, raw, values: [], faults: [] };
  if (open) return refuse(row, "malformed_csv", "A quote that opens in this line is not closed.");
  if (raw.includes("\uFFFD")) return refuse(row, "not_utf8", "The row holds bytes that are not UTF-8.");
  if (delimiter === "whitespace") return { ...row, values: raw.trim().split(/[ \t]+/) };
  try {
    const [values = []] = parse(raw, { delimiter, record_delimiter: "\0" });
    return { ...row, values: values.map((value) => value.trim()) };
  } catch (error) {
    return refuse(row, "malformed_csv", quoteFaults[(error as CsvError).code] ?? (error as CsvError).message);
  }
}

const quoteFaults: Partial<Record<CsvError["code"], string>> = {
  INVALID_OPENING_QUOTE: "A quote stands inside a field that does not begin with one.",
  CSV_INVALID_CLOSING_QUOTE: "Text follows a closing quote. A quote inside a quoted field is written twice.",
};
const refuse = (row: Row, code: string, detail: string): Row => ({ ...row, values: [], faults: [{ column: "", pointer: "", code, detail }] });

const ofWidth = (width: number, row: Row): Row =>
  row.faults.length > 0 || row.values.length === width
    ? row
    : refuse(row, "wrong_column_count", `The row has ${row.values.length} fields instead of ${width}.`);
