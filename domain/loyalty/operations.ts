import { adjustPoints } from "./adjust-points.ts";
import { authorizeHold } from "./authorize-hold.ts";
import { createEarningRule } from "./create-earning-rule.ts";
import { createProgram } from "./create-program.ts";
import { earnPoints } from "./earn-points.ts";
import { getEarningRule } from "./get-earning-rule.ts";
import { getProgram } from "./get-program.ts";
import { getWallet, listWallets } from "./get-wallet.ts";
import { listEarningRules } from "./list-earning-rules.ts";
import { getEntry, listEntries } from "./list-entries.ts";
import { listPrograms } from "./list-programs.ts";
import { openWallet } from "./open-wallet.ts";
import { redeemPoints } from "./redeem-points.ts";
import { reverseEntry } from "./reverse-entry.ts";
import { captureHold, getHold, voidHold } from "./settle-hold.ts";
import { transferPoints } from "./transfer-points.ts";
import { updateEarningRule } from "./update-earning-rule.ts";
import { updateProgram } from "./update-program.ts";

export const loyaltyOperations = [
  createProgram,
  listPrograms,
  getProgram,
  updateProgram,
  createEarningRule,
  listEarningRules,
  getEarningRule,
  updateEarningRule,
  openWallet,
  listWallets,
  getWallet,
  earnPoints,
  redeemPoints,
  adjustPoints,
  transferPoints,
  authorizeHold,
  getHold,
  captureHold,
  voidHold,
  listEntries,
  getEntry,
  reverseEntry,
];
