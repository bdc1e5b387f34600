import { adjustPoints } from "./adjust-points.ts";
import { authorizeHold } from "./authorize-hold.ts";
import { createProgram } from "./create-program.ts";
import { earnPoints } from "./earn-points.ts";
import { getProgram } from "./get-program.ts";
import { getWallet, listWallets } from "./get-wallet.ts";
import { getEntry, listEntries } from "./list-entries.ts";
import { listPrograms } from "./list-programs.ts";
import { openWallet } from "./open-wallet.ts";
import { redeemPoints } from "./redeem-points.ts";
import { reverseEntry } from "./reverse-entry.ts";
import { captureHold, getHold, voidHold } from "./settle-hold.ts";
import { updateProgram } from "./update-program.ts";

export const loyaltyOperations = [
  createProgram,
  listPrograms,
  getProgram,
  updateProgram,
  openWallet,
  listWallets,
  getWallet,
  earnPoints,
  redeemPoints,
  adjustPoints,
  authorizeHold,
  getHold,
  captureHold,
  voidHold,
  listEntries,
  getEntry,
  reverseEntry,
];
