/** Batches: each item is one call of the item operation, atomic by itself; a refused item refuses nobody else. */
import { createHash } from "node:crypto";
import { inApiVersion } from "../../domain/api-versions.ts";
import type { Caller } from "../../domain/kernel/caller.ts";
import type { BatchOperation } from "../../domain/kernel/operation.ts";
import { type InputError, shellProblem } from "../../domain/kernel/problem.ts";
import { Contention } from "../../domain/kernel/table.ts";
import { type Answer, asProblem, problemBody } from "./answer.ts";
import { execute, partitionOf } from "./execute.ts";
import { idempotency, Replayed } from "./idempotency.ts";
import { log, traceOf } from "./log.ts";
import { type Call, parseBody } from "./request.ts";
import { openTable } from "./table.ts";

/** How many items are under way at once. */
const lanesMax = 8;
type ItemInput = ReturnType<BatchOperation["itemInput"]>;
type Item = { index: number; status: number; problem?: object } & Record<string, unknown>;

/**
 * With an Idempotency-Key the batch keeps only its fingerprint, and each item keeps its own answer under the same key:
 * a repeat after a time-out gets the answers of the items that were done, and does the others.
 */
export async function executeBatch(operation: BatchOperation, caller: Caller, call: Call, request: { requestId: string; baseUrl: string }): Promise<Answer> {
  const repeated = await claim(operation, caller, call);
  const items: Item[] = [];
  let executed = 0;
  const refuse = (index: number, error: unknown) => {
    const problem = asProblem(error);
    if (problem.status >= 500) log("error", "batch item failed", { requestId: request.requestId, operation: operation.id, index, error: traceOf(error) });
    items[index] = { index, status: problem.status, problem: problemBody(problem, request.baseUrl, request.requestId) };
  };
  const runItem = async (index: number, input: Omit<ItemInput, "lane">) => {
    const idempotencyKey = call.idempotencyKey && `${operation.id} ${index} ${call.idempotencyKey}`;
    try {
      const answer = await execute(operation.item, caller, { ...call, ...input, ifMatch: undefined, idempotencyKey } as Call, request.requestId);
      if (!answer.replayed) executed += 1;
      items[index] = { index, status: answer.status, [operation.itemOutput]: inApiVersion(caller.apiVersion, answer.body, answer.apiVersion) };
    } catch (error) {
      refuse(index, error);
    }
  };
  const inputs = (call.body as { items: unknown[] }).items.flatMap((item, index) => {
    const errors: InputError[] = [];
    const parsed = parseBody(operation, operation.itemSchema, caller.apiVersion, item, errors, `/items/${index}`);
    if (errors.length === 0) return [{ index, input: operation.itemInput(parsed as never) }];
    refuse(index, shellProblem("invalid_input", { errors }));
    return [];
  });
  const lanes = Map.groupBy(inputs, ({ input }) => createHash("sha256").update(input.lane).digest().readUInt8(0) % lanesMax);
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const { index, input } of lane) await runItem(index, input);
    }),
  );
  const body = { object: "batch", items };
  return { status: operation.success.status, body, apiVersion: caller.apiVersion, replayed: repeated && executed === 0, dryRun: call.dryRun };
}

/** Keeps the batch's fingerprint under its key; true when the same batch was sent before. */
async function claim(operation: BatchOperation, caller: Caller, call: Call): Promise<boolean> {
  if (!call.idempotencyKey || call.dryRun) return false;
  const now = new Date();
  const kept = idempotency(operation as never, caller, call, call.idempotencyKey, now);
  try {
    await openTable(partitionOf(caller), () => now).commit([kept.keep({ status: operation.success.status, body: null })], () => []);
    return false;
  } catch (error) {
    if (error instanceof Replayed) return true;
    if (error instanceof Contention) throw shellProblem("contention", {}, { "retry-after": "1" });
    throw error;
  }
}
