/** Batches: up to 100 items in one request, each a call of one operation, atomic by itself. */
import * as z from "zod";
import type { BatchOperation, SingleOperation } from "./operation.ts";

export const batchItemsMax = 100;
/** What the shell checks of a batch as a whole; each item is checked by itself, so a bad one refuses only itself. */
export const BatchEnvelope = z.strictObject({ items: z.array(z.unknown()).min(1).max(batchItemsMax) });

type Declared<Item extends z.ZodType, Name extends string> = Pick<BatchOperation, "id" | "summary" | "method" | "path" | "permission" | "problems"> & {
  description: string;
  item: SingleOperation;
  itemSchema: Item;
  itemExample: z.input<Item>;
  itemOutput: Name;
  /** What the answer shows for `itemExample`. */
  outputExample: object;
  itemInput(item: z.output<Item>): ReturnType<BatchOperation["itemInput"]>;
};

/** Answers 207 with `{ index, status, [itemOutput] }` or `{ index, status, problem }` for each item, in request order. */
export function batchOperation<Item extends z.ZodType, Name extends string>(declared: Declared<Item, Name>): BatchOperation {
  const { itemSchema, itemExample, itemOutput, outputExample, ...rest } = declared;
  const name = `${declared.id.charAt(0).toUpperCase()}${declared.id.slice(1)}`;
  const Problem = z
    .looseObject({ type: z.string(), title: z.string(), status: z.int(), code: z.string(), requestId: z.string() })
    .meta({ id: "BatchItemProblem" });
  const Result = z.object({
    index: z.int().meta({ description: "Place of the item in the request, from 0." }),
    status: z.int().meta({ description: "The HTTP status this item would have had alone." }),
    [itemOutput]: declared.item.success.output.optional(),
    problem: Problem.optional(),
  });
  return Object.freeze({
    ...rest,
    itemSchema,
    itemOutput,
    body: z.strictObject({ items: z.array(itemSchema).min(1).max(batchItemsMax) }).meta({ id: `${name}Request` }),
    example: { items: [itemExample] },
    success: {
      status: 207 as const,
      output: z.object({ object: z.literal("batch"), items: z.array(Result) }).meta({ id: `${name}Result` }),
      example: { object: "batch", items: [{ index: 0, status: declared.item.success.status, [itemOutput]: outputExample }] },
    },
  }) as BatchOperation;
}
