/** Lists: pages with an opaque cursor. */
import * as z from "zod";
import type { Query, Reader, Row } from "./table.ts";

export type PageOf<Item> = { object: "list"; data: Item[]; hasMore: boolean; nextCursor?: string };

export const pageSizeMax = 100;
/** The query parameters of every list. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(pageSizeMax)
    .default(25)
    .meta({ description: `Items per page, 1 to ${pageSizeMax}.` }),
  cursor: z.string().max(2000).optional().meta({ description: "`nextCursor` of the page before; same filters." }),
};

export const pageOf = <Item extends z.ZodType>(item: Item, name: string) =>
  z
    .object({
      object: z.literal("list"),
      data: z.array(item),
      hasMore: z.boolean(),
      nextCursor: z.string().optional().meta({ description: "Present when hasMore is true." }),
    })
    .meta({ id: `${name}List` });

/** How many rows a page with filters reads at most before it answers with what it found. */
const rowsReadMax = 1000;

type Walk<Item> = (count: number) => Promise<{ rows: Item[]; end: boolean }>;
const everything = () => true;

/**
 * Fills a page from a walk of rows, keeping those that match; `last` is the row after which the next page begins, absent
 * on the last page. A page may hold fewer items than asked for, or none, while more follow: the work of one call stays
 * bounded however rare the matches are. One match more than asked for is looked for, so that no list ends in an empty page.
 */
export async function fillPage<Item>(limit: number, walk: Walk<Item>, matches: (row: Item) => boolean = everything): Promise<{ found: Item[]; last?: Item }> {
  const found: Item[] = [];
  let last: Item | undefined;
  for (let read = 0; read < rowsReadMax; ) {
    const wanted = limit + 1 - found.length;
    const { rows, end } = await walk(read === 0 ? wanted : Math.min(rowsReadMax - read, Math.max(wanted, 100)));
    for (const row of rows) {
      if (matches(row) && found.length === limit) return { found, last: found.at(-1) as Item };
      if (matches(row)) found.push(row);
      last = row;
    }
    if (end) return { found };
    read += Math.max(rows.length, 1);
  }
  return { found, last };
}

/** A walk of one query, from the position of a row on. */
export function walkQuery<Document extends object>(table: Reader, query: Omit<Query, "limit" | "after">, from: unknown): Walk<Row<Document>> {
  let after = from as string | undefined;
  return async (limit) => {
    const rows = await table.query<Document>({ ...query, limit, after });
    after = rows.at(-1)?.position;
    return { rows, end: rows.length < limit };
  };
}
