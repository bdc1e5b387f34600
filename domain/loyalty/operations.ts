import { getIntegrity } from "./accounting/get-integrity.ts";
import { getLiabilityReport } from "./accounting/get-liability-report.ts";
import { getPointsAccounting } from "./accounting/get-points-accounting.ts";
import { getEntryProof } from "./history/get-entry-proof.ts";
import { getWalletBalance } from "./history/get-wallet-balance.ts";
import { cancelMembership } from "./memberships/cancel-membership.ts";
import { createMembershipPlan } from "./memberships/create-membership-plan.ts";
import { getMembership, listMemberships } from "./memberships/get-membership.ts";
import { getMembershipPlan } from "./memberships/get-membership-plan.ts";
import { listMembershipPlans } from "./memberships/list-membership-plans.ts";
import { renewMembership } from "./memberships/renew-membership.ts";
import { startMembership } from "./memberships/start-membership.ts";
import { updateMembershipPlan } from "./memberships/update-membership-plan.ts";
import { createProgram } from "./programs/create-program.ts";
import { getProgram } from "./programs/get-program.ts";
import { listPrograms } from "./programs/list-programs.ts";
import { updateProgram } from "./programs/update-program.ts";
import { cancelRedemption } from "./rewards/cancel-redemption.ts";
import { createReward } from "./rewards/create-reward.ts";
import { fulfillRedemption } from "./rewards/fulfill-redemption.ts";
import { getRedemption } from "./rewards/get-redemption.ts";
import { getReward } from "./rewards/get-reward.ts";
import { importRewardCodes } from "./rewards/import-reward-codes.ts";
import { listRedemptions } from "./rewards/list-redemptions.ts";
import { listRewards } from "./rewards/list-rewards.ts";
import { updateReward } from "./rewards/update-reward.ts";
import { backtestEarningRule } from "./rules/backtest-earning-rule.ts";
import { createEarningRule } from "./rules/create-earning-rule.ts";
import { getEarningRule } from "./rules/get-earning-rule.ts";
import { listEarningRules } from "./rules/list-earning-rules.ts";
import { updateEarningRule } from "./rules/update-earning-rule.ts";
import { adjustPoints } from "./wallets/adjust-points.ts";
import { authorizeHold } from "./wallets/authorize-hold.ts";
import { batchEarnPoints, earnPointsForCustomer } from "./wallets/earn-for-customer.ts";
import { earnPoints } from "./wallets/earn-points.ts";
import { getWallet, listWallets } from "./wallets/get-wallet.ts";
import { getEntry, listEntries } from "./wallets/list-entries.ts";
import { openWallet } from "./wallets/open-wallet.ts";
import { redeemPoints } from "./wallets/redeem-points.ts";
import { reinstatePoints } from "./wallets/reinstate-points.ts";
import { reverseEntry } from "./wallets/reverse-entry.ts";
import { captureHold, getHold, voidHold } from "./wallets/settle-hold.ts";
import { transferPoints } from "./wallets/transfer-points.ts";

export const loyaltyOperations = [
  createProgram,
  listPrograms,
  getProgram,
  updateProgram,
  createEarningRule,
  listEarningRules,
  getEarningRule,
  updateEarningRule,
  backtestEarningRule,
  openWallet,
  listWallets,
  getWallet,
  getWalletBalance,
  earnPoints,
  earnPointsForCustomer,
  batchEarnPoints,
  redeemPoints,
  adjustPoints,
  transferPoints,
  authorizeHold,
  getHold,
  captureHold,
  voidHold,
  listEntries,
  getEntry,
  getEntryProof,
  reverseEntry,
  reinstatePoints,
  getPointsAccounting,
  getLiabilityReport,
  getIntegrity,
  createReward,
  listRewards,
  getReward,
  updateReward,
  importRewardCodes,
  listRedemptions,
  getRedemption,
  fulfillRedemption,
  cancelRedemption,
  createMembershipPlan,
  listMembershipPlans,
  getMembershipPlan,
  updateMembershipPlan,
  startMembership,
  listMemberships,
  getMembership,
  renewMembership,
  cancelMembership,
];
