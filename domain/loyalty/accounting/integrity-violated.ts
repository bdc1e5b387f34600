/** A violation: something that can never be so long as nobody but the ledger writes to its wallets. */
import * as z from "zod";
import { eventType } from "../../kernel/event.ts";
import { Instant } from "../../kernel/time.ts";
import { customerIdOf, WalletId, walletExample } from "../wallets/wallet.ts";

/** What is checked of each wallet. */
export const invariants = ["postings_sum_to_zero", "chain_verifies", "sequence_without_gaps", "head_equals_fold"] as const;
export type Invariant = (typeof invariants)[number];

export const Violation = z
  .object({
    object: z.literal("integrity_violation"),
    walletId: WalletId,
    invariant: z.enum(invariants),
    seq: z.int().meta({ description: "The entry at which it was found." }),
    expected: z.string().meta({ description: "What the entries say; points by account, a hash or a sequence." }),
    actual: z.string().meta({ description: "What was found." }),
    foundAt: Instant,
  })
  .meta({ id: "IntegrityViolation" });
export type Violation = z.infer<typeof Violation>;

export const integrityViolated = eventType<Violation>()({
  type: "ledger.integrity_violated",
  description: "A wallet's entries or its balance are not what they must be: somebody changed them past the ledger. Told once for each finding.",
  object: Violation,
  example: {
    object: "integrity_violation",
    walletId: walletExample.id,
    invariant: "head_equals_fold",
    seq: 17,
    expected: '{"available":120}',
    actual: '{"available":1120}',
    foundAt: "2026-11-21T09:31:02.000Z",
  },
  render: ({ after }) => after,
  customerId: ({ walletId }) => customerIdOf(walletId),
});
