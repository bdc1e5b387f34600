import * as z from "zod";
import { IdentityLookup } from "../../customers/model.ts";
import { holderOf } from "../../customers/store.ts";
import { batchOperation } from "../../kernel/batch.ts";
import { idOf } from "../../kernel/id.ts";
import { operation } from "../../kernel/operation.ts";
import { loadEarningRules } from "../store.ts";
import { type EarnerDocuments, earnerKeys } from "./award.ts";
import { checkEarning, EarningResult, earningProblems, earningResultExample, earningShape, earnKind, planEarning } from "./earning.ts";
import { findOrOpenWallet, openingProblems } from "./open-wallet.ts";
import { walletExample, walletIdOf } from "./wallet.ts";

const CustomerEarning = z
  .strictObject({ programId: idOf("prg"), customerId: idOf("cus").optional(), identity: IdentityLookup.optional(), ...earningShape })
  .refine(({ customerId, identity }) => (customerId === undefined) !== (identity === undefined), {
    error: "Either customerId or identity.",
    path: ["customerId"],
  })
  .superRefine(checkEarning)
  .meta({ id: "CustomerEarning" });
const example = { programId: walletExample.programId, customerId: walletExample.customerId, points: 120, reference: "order-1017" };

export const earnPointsForCustomer = operation({
  id: "earnPointsForCustomer",
  summary: "Earn points for a customer",
  description:
    "As earnPoints, for a till that knows a card, a phone or a customer's id: the customer's wallet in the programme is opened when there is none, in the same transaction.",
  method: "post",
  path: "/v1/earnings",
  permission: "loyalty:write",
  body: CustomerEarning,
  example,
  success: { status: 201, alternatives: [200], output: EarningResult, example: earningResultExample },
  problems: { ...openingProblems, ...earningProblems },
  async run({ table, caller, now, fail }, { body }) {
    const { identity, programId, ...earning } = body;
    const customerId = body.customerId ?? (identity && (await holderOf(table, identity, caller.settings, "/identity/value"))) ?? fail("customer_not_found");
    const alongside = earning.purchase ? earnerKeys(walletIdOf(customerId, programId)) : undefined;
    const [wallet, rules] = await Promise.all([
      findOrOpenWallet<EarnerDocuments | []>(
        { table, caller, now, fail },
        { customerId, programId },
        { kind: earnKind, reference: earning.reference, ...(alongside && { alongside }) },
      ),
      earning.purchase ? loadEarningRules(table) : [],
    ]);
    return planEarning({ table, now, fail }, { ...wallet, rules }, earning);
  },
});

export const batchEarnPoints = batchOperation({
  id: "batchEarnPoints",
  summary: "Earn points for up to 100 customers",
  description:
    "Each item is as earnPointsForCustomer, and atomic by itself; those of one customer are done in request order. Give each a `reference`, and the batch may be repeated whole after a time-out.",
  method: "post",
  path: "/v1/earnings/batch",
  permission: "loyalty:write",
  problems: {},
  item: earnPointsForCustomer,
  itemSchema: CustomerEarning,
  itemExample: example,
  itemOutput: "earning",
  outputExample: earningResultExample,
  itemInput: (item) => ({ params: {}, query: {}, body: item, lane: item.customerId ?? `${item.identity?.type} ${item.identity?.value.toLowerCase()}` }),
});
