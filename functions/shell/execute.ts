/** Runs an operation and commits its plan: exactly-once, dry run, optimistic retry and events, once for all operations. */
import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../../domain/kernel/caller.ts";
import type { OutboxEntry } from "../../domain/kernel/event.ts";
import type { Context, Plan, SingleOperation } from "../../domain/kernel/operation.ts";
import type { Outside } from "../../domain/kernel/outside.ts";
import { Problem, shellProblem } from "../../domain/kernel/problem.ts";
import { type Change, Contention } from "../../domain/kernel/table.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
import type { Answer } from "./answer.ts";
import { deployment } from "./config.ts";
import { cursorSeal } from "./cursor.ts";
import { type Effects, noEffects, sendAfterCommit } from "./effects.ts";
import { idempotency, Replayed } from "./idempotency.ts";
import { newId, newSecret } from "./random.ts";
import type { Call } from "./request.ts";
import { openTable, type Table } from "./table.ts";

const attemptsMax = 5;
const firstDelayMilliseconds = 25;

/** A tenant's live and test data are two partitions; test data never meets live data. */
export const partitionOf = (caller: Pick<Caller, "tenantId" | "livemode">) => (caller.livemode ? caller.tenantId : `${caller.tenantId}.test`);

/**
 * `requestId` goes into the events. Errors, in order: what the operation refuses, 412 when `If-Match` differs,
 * 409 `contention` after five tries, 503 when the database is throttled. Safe to retry with the same Idempotency-Key.
 */
export async function execute(operation: SingleOperation, caller: Caller, call: Call, requestId: string, effects: Effects = noEffects): Promise<Answer> {
  const now = new Date();
  const partition = operation.partition === "platform" ? platformTenantId : partitionOf(caller);
  const table = openTable(partition, () => now);
  const kept = call.idempotencyKey && !call.dryRun ? idempotency(operation, caller, call, call.idempotencyKey, now) : undefined;
  const context = contextOf(operation, caller, call, table, now, partition, effects);
  const outboxOf = outboxFor(caller, requestId, call.idempotencyKey, now);
  for (let attempt = 1; ; attempt++) {
    try {
      const decided: Plan<unknown> = await operation.run(context, call);
      if (call.ifMatch !== undefined && call.ifMatch !== decided.replaces) throw shellProblem("version_mismatch", { currentVersion: decided.replaces });
      const answer: Answer = { status: decided.status ?? operation.success.status, body: checked(operation, decided.output) };
      if (call.dryRun) {
        await table.verify(decided.changes);
        return { ...answer, dryRun: true };
      }
      // The record goes first: when it is refused too, the repeat is answered before any other refusal is looked at.
      await table.commit(kept ? [kept.keep(answer), ...decided.changes] : decided.changes, outboxOf);
      await sendAfterCommit(effects, partition, decided.messages);
      return answer;
    } catch (error) {
      if (error instanceof Replayed) return error.answer;
      if (error instanceof Problem && kept && error.code !== "idempotency_key_reused") return await replayOr(error, () => kept.replay(table));
      if (!(error instanceof Contention)) throw error;
      if (attempt === attemptsMax) throw shellProblem("contention", {}, { "retry-after": "1" });
      await delay(Math.random() * firstDelayMilliseconds * 2 ** attempt);
    }
  }
}

/** A refusal may only mean that the first try of this request has succeeded: then its answer is the answer. */
async function replayOr(refusal: Problem, replay: () => Promise<void>): Promise<Answer> {
  try {
    await replay();
  } catch (error) {
    if (error instanceof Replayed) return error.answer;
    throw error;
  }
  throw refusal;
}

function contextOf(operation: SingleOperation, caller: Caller, call: Call, table: Table, now: Date, partition: string, outside: Outside): Context {
  const { cursor, limit: _, ...filters } = call.query;
  const seal = () => cursorSeal(caller.settings.secret, [partition, caller.tenantId, operation.id, call.params, filters]);
  return {
    table,
    now,
    caller,
    outside,
    newId: (prefix) => newId(prefix, now),
    newSecret,
    cursor: typeof cursor === "string" ? seal().open(cursor) : undefined,
    page: (data, next) => ({ object: "list", data, hasMore: next !== undefined, ...(next !== undefined && { nextCursor: seal().seal(next) }) }),
    fail(code, members) {
      throw new Problem(code, operation.problems[code], members);
    },
  };
}

function outboxFor(caller: Caller, requestId: string, idempotencyKey: string | undefined, now: Date) {
  const request = { id: requestId, ...(idempotencyKey && { idempotencyKey }) };
  return (change: Change): OutboxEntry[] =>
    change.kind === "put" ? change.events.map((event) => ({ ...event, id: newId("evt", now), at: now.toISOString(), actor: caller.actor, request })) : [];
}

function checked(operation: SingleOperation, output: unknown): unknown {
  if (deployment().validateOutput && operation.success.status !== 204) operation.success.output.parse(output);
  return output;
}
