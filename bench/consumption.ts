/** What a call costs, as the database counts it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";

/**
 * `calls` are the names of the commands, in order. What rate limits write is told apart: a busy process writes once for
 * many requests, so it is no property of a call. Units as DynamoDB bills them: 4 KB read strongly consistently, 1 KB written.
 */
export type Consumption = { readonly calls: string[]; readUnits: number; writeUnits: number; limiterWrites: number };

const counting = new AsyncLocalStorage<Consumption>();
type Answer = { output: { ConsumedCapacity?: Consumed | Consumed[] } };
type Consumed = { CapacityUnits?: number };

/** Counts what `work` asks of the database, and nothing that others ask meanwhile. */
export async function consumptionOf(work: () => Promise<unknown>): Promise<Consumption> {
  countCalls();
  const consumption: Consumption = { calls: [], readUnits: 0, writeUnits: 0, limiterWrites: 0 };
  await counting.run(consumption, work);
  return consumption;
}

let isCounting = false;
function countCalls(): void {
  if (isCounting) return;
  isCounting = true;
  dynamodb().middlewareStack.add(
    (next, context) => async (call) => {
      const consumption = counting.getStore();
      if (!consumption) return next(call);
      if ((call.input as { Key?: { pk?: string } }).Key?.pk?.startsWith("RL#")) {
        consumption.limiterWrites += 1;
        return next(call);
      }
      const name = String(context.commandName).replace(/Command$/, "");
      consumption.calls.push(name);
      const answer = await next({ ...call, input: { ...call.input, ReturnConsumedCapacity: "INDEXES" } });
      const consumed = [(answer as Answer).output.ConsumedCapacity ?? []].flat();
      const units = consumed.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
      if (/Get|Query/.test(name)) consumption.readUnits += units;
      else consumption.writeUnits += units;
      return answer;
    },
    { step: "initialize", name: "countConsumption" },
  );
}
