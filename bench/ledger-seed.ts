/** A process that fills an empty table with open wallets: `node bench/ledger-seed.ts <data folder> <wallets>`. One more is rich. */

import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import type { SingleOperation } from "../domain/kernel/operation.ts";
import { createProgram } from "../domain/loyalty/programs/create-program.ts";
import { earnPoints } from "../domain/loyalty/wallets/earn-points.ts";
import { openWallet } from "../domain/loyalty/wallets/open-wallet.ts";
import type { Demo } from "../functions/local/demo.ts";
import { deployment } from "../functions/shell/config.ts";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import { partitionOf } from "../functions/shell/execute.ts";
import { openTable } from "../functions/shell/table.ts";
import { changesOf, programId, walletOf } from "./ledger-population.ts";
import { createdAtOf, creationItems, customerBody, customerIdOf, emailOf, liveCaller, outboxOf } from "./population.ts";
import { fillTable } from "./seed.ts";

await fillTable(async ({ tenantId }: Demo, wallets: number) => {
  const caller = await liveCaller(tenantId);
  const { tableName: TableName } = deployment();
  const commit = async (operation: SingleOperation, params: object, body: object) =>
    openTable(partitionOf(caller)).commit(await changesOf(operation, caller, params, body), (change) =>
      change.kind === "put" ? outboxOf(change.events, caller, new Date()) : [],
    );
  await commit(createProgram, {}, { name: "Club" });
  for (let index = 0; index <= wallets; index++) {
    const customer = creationItems(caller, customerBody(emailOf(index)), customerIdOf(index), createdAtOf(index));
    await dynamodb().send(new TransactWriteCommand({ TransactItems: customer.map((Item) => ({ Put: { TableName, Item } })) }));
    await commit(openWallet, {}, { customerId: customerIdOf(index), programId });
  }
  await commit(earnPoints, { walletId: walletOf(wallets) }, { points: 1_000_000_000 });
});
