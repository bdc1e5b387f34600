/** Lists: pages with an opaque cursor. */
import * as z from "zod";

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

/**
 * Fills a page from a walk of rows, keeping those that match. A page may hold fewer items than asked for, or none,
 * while more follow: the work of one call stays bounded however rare the matches are.
 */
export async function fillPage<Row>(
  limit: number,
  rows: (count: number) => Promise<{ rows: Row[]; end: boolean }>,
  matches: (row: Row) => boolean,
): Promise<{ found: Row[]; last: Row | undefined; end: boolean }> {
  const found: Row[] = [];
  let last: Row | undefined;
  let read = 0;
  while (read < rowsReadMax) {
    const wanted = limit - found.length;
    const batch = await rows(read === 0 ? wanted : Math.min(rowsReadMax - read, Math.max(wanted, 100)));
    for (const row of batch.rows) {
      read += 1;
      last = row;
      if (matches(row) && found.push(row) === limit) return { found, last, end: batch.end && row === batch.rows.at(-1) };
    }
    if (batch.end) return { found, last, end: true };
  }
  return { found, last, end: false };
}
