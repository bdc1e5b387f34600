/** What earning and redeeming cost, counted by the database, and what they write, item by item. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import type { Item } from "../functions/shell/item.ts";
import type { Api } from "./api.ts";
import { consumptionOf } from "./consumption.ts";
import type { Cost } from "./costs.ts";
import { seedHistory } from "./ledger-population.ts";

export type LedgerCall = { readonly name: string; readonly call: (walletId: string) => Promise<unknown> };

/** Earning and redeeming, by clients that name an order, an Idempotency-Key, both or nothing. */
export function ledgerCalls(api: Api): LedgerCall[] {
  const routes = { earn: "POST /v1/wallets/{walletId}/earnings", redeem: "POST /v1/wallets/{walletId}/redemptions" };
  const ways: [name: string, reference: boolean, key: boolean][] = [
    ["", false, false],
    [", with reference", true, false],
    [", with Idempotency-Key", false, true],
    [", with both", true, true],
  ];
  return Object.entries(routes).flatMap(([operation, route]) =>
    ways.map(([way, reference, key]) => ({
      name: `${operation}${way}`,
      call: (walletId: string) =>
        api(route, {
          params: { walletId },
          body: { points: 10, ...(reference && { reference: `order-${randomUUID()}` }) },
          headers: key ? { "idempotency-key": randomUUID() } : {},
        }),
    })),
  );
}

/** What calls cost on a wallet that the API has written last: the first write after a seed also moves it in the index of due work. */
export async function ledgerCosts(api: Api, walletId: string): Promise<Cost[]> {
  const calls = ledgerCalls(api);
  await calls[0]?.call(walletId);
  const all: Cost[] = [];
  for (const { name, call } of calls) all.push({ operation: name, ...(await consumptionOf(() => call(walletId))) });
  return all;
}

export type WrittenItem = { readonly item: string; readonly bytes: number; readonly units: number };

/** The items of the transactions that `work` makes: their sizes as DynamoDB counts them, and what they cost in a transaction. */
export async function itemsWrittenBy(work: () => Promise<unknown>): Promise<WrittenItem[]> {
  const written: WrittenItem[] = [];
  const noting = new AsyncLocalStorage<true>();
  dynamodb().middlewareStack.add(
    (next) => (call) => {
      const { TransactItems = [] } = call.input as { TransactItems?: { Put?: { Item: Item } }[] };
      // The product tells of writes in the background, which is no part of the work.
      if (noting.getStore()) for (const { Put } of TransactItems) if (Put) written.push(sizeOf(Put.Item));
      return next(call);
    },
    { step: "initialize", name: "itemsWritten" },
  );
  await noting.run(true, work);
  dynamodb().middlewareStack.remove("itemsWritten");
  return written;
}

const names: Readonly<Record<string, string>> = { HEAD: "head", E: "entry", REF: "reference", META: "idempotency record", CP: "checkpoint" };

/** The size of an item as DynamoDB counts it. */
export const itemBytes = (item: Item): number => Object.entries(item).reduce((sum, [name, value]) => sum + name.length + valueBytes(value), 0);

function sizeOf(item: Item): WrittenItem {
  const bytes = itemBytes(item);
  return { item: names[item.sk.split("#")[0] ?? ""] ?? item.sk, bytes, units: 2 * Math.ceil(bytes / 1024) };
}
/** A number takes a byte for two digits, and one more. */
function valueBytes(value: string | number | Uint8Array): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  return typeof value === "number" ? Math.ceil(String(value).length / 2) + 1 : value.byteLength;
}

/** A wallet in a programme of its own, with so many entries whose points have so many dates to expire on. */
export async function openWalletWith(api: Api, tenantId: string, entries: number, dates: number): Promise<string> {
  const { id: programId } = await api("POST /v1/programs", { body: { name: "Club", timeZone: "Europe/Paris" } });
  const { id: customerId } = await api("POST /v1/customers", { body: {} });
  const { id } = await api("POST /v1/wallets", { body: { customerId, programId } });
  await seedHistory(tenantId, id, entries, dates);
  return id;
}
