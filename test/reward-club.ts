/** A programme with members who have points, and clients that claim its rewards. */
import { create } from "../domain/kernel/table.ts";
import { apply } from "../domain/loyalty/ledger/ledger.ts";
import { ledgerTimeIn } from "../domain/loyalty/ledger/ledger-time.ts";
import { newWalletHead } from "../domain/loyalty/ledger/wallet-head.ts";
import { walletIdOf } from "../domain/loyalty/wallets/wallet.ts";
import { entryKey, walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { type Answer, call, type Json, newTenant, type TenantKeys } from "./clientele.ts";

export const clients = 64;
export const post = (tenant: TenantKeys, path: string, body?: object) => call(tenant.live, "post", `/v1${path}`, { body });
export const get = async (tenant: TenantKeys, path: string): Promise<Json> => (await call(tenant.live, "get", `/v1${path}`)).body;
export async function made(answer: Promise<Answer>): Promise<Json> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(JSON.stringify(body));
  return body;
}

/** Work for a number of clients, each with one thing in hand at a time. */
export async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: Math.min(clients, items.length) }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}

/** Wallets as earning makes them, written straight away: what is tested begins after it. */
export async function manyWallets({ tenantId }: TenantKeys, programId: string, count: number, points: number): Promise<string[]> {
  const now = new Date();
  const wallets = Array.from({ length: count }, () => {
    const customerId = newId("cus");
    const head = newWalletHead({ id: walletIdOf(customerId, programId), customerId, programId, metadata: {}, livemode: true }, now);
    const applied = apply(head, { kind: "earn", points, expiresOn: null }, ledgerTimeIn("Europe/Paris", now));
    if (applied.kind === "refused") throw new Error(applied.code);
    return applied;
  });
  const changes = wallets.flatMap(({ head, entries }) => [
    create(walletKey(head.id), head),
    ...entries.map((entry) => create(entryKey(head.id, entry.seq), entry)),
  ]);
  for (let done = 0; done < changes.length; done += 100) await openTable(tenantId).commit(changes.slice(done, done + 100), () => []);
  return wallets.map(({ head }) => head.id);
}

export async function clubWith(members: number, points: number) {
  const tenant = await newTenant();
  const program = await made(post(tenant, "/programs", { name: "Club" }));
  const walletIds: string[] = [];
  await eachOf(Array.from({ length: members }), async () => {
    const customer = await made(post(tenant, "/customers", {}));
    const wallet = await made(post(tenant, "/wallets", { customerId: customer.id, programId: program.id }));
    await made(post(tenant, `/wallets/${wallet.id}/earnings`, { points }));
    walletIds.push(wallet.id);
  });
  const reward = (settings: object): Promise<Json> => made(post(tenant, "/rewards", { programId: program.id, name: "Mug", pricePoints: 10, ...settings }));
  return { tenant, program, walletIds, walletId: walletIds[0] as string, reward };
}
export const counted = (quantity: number) => ({ stock: { kind: "counted", quantity } });

/** As an API client does: what is refused by contention is tried again. */
export async function claim(tenant: TenantKeys, walletId: string, body: object): Promise<Answer> {
  for (;;) {
    const answer = await post(tenant, `/wallets/${walletId}/redemptions`, body);
    if (answer.body.code !== "contention") return answer;
  }
}
export const outcomeOf = ({ status, body }: Answer): string => body.code ?? String(status);
export const tally = (outcomes: readonly string[]) =>
  Object.fromEntries(
    Map.groupBy(outcomes, String)
      .entries()
      .map(([name, all]) => [name, all.length]),
  );
