/**
 * Programme: the rules of one point currency. Expiry: until when points can be used. Pending: earned, not yet usable.
 * Tiers: see tier-policy.ts. Rules hold for what happens from now on: entries keep what they were made with.
 */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { TimeZone } from "../../kernel/localization.ts";
import { patchShape } from "../../kernel/merge-patch.ts";
import { Money } from "../../kernel/money.ts";
import { recordFields } from "../../kernel/revision.ts";
import { Metadata, MetadataPatch, text } from "../../kernel/text.ts";
import { TierPolicy, TierPolicyPatch } from "../tiers/tier-policy.ts";

const expiryMonthsMax = 60;
const RoundTo = z
  .enum(["month_end", "day"])
  .meta({ description: "`month_end`: the last day of that month, so that points of a month expire together. `day`: exactly that day." });
const rounded = (months: number) => ({ months: z.int().min(1).max(expiryMonthsMax).default(months), roundTo: RoundTo.default("month_end") });

/** The last day on which points can be used; `calendar.ts` computes it. */
export const ExpiryPolicy = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("rolling_months"), ...rounded(24) }).meta({ id: "RollingExpiry", description: "`months` after they were earned." }),
    z.strictObject({ kind: z.literal("calendar_year"), months: z.int().min(0).max(expiryMonthsMax).default(12) }).meta({
      id: "CalendarYearExpiry",
      description: "On 31 December of the year in which `months` after the earning fall: 12 is the end of next year, 0 of this one.",
    }),
    z
      .strictObject({ kind: z.literal("inactivity_months"), ...rounded(12) })
      .meta({ id: "InactivityExpiry", description: "`months` after the member's last activity, which moves all points that have no date of their own." }),
    z.strictObject({ kind: z.literal("never") }).meta({ id: "NoExpiry" }),
  ])
  .meta({ id: "ExpiryPolicy" });
export type ExpiryPolicy = z.output<typeof ExpiryPolicy>;
/** A patch that changes the kind takes away by null what the new kind does not have. */
const ExpiryPolicyPatch = z
  .strictObject({
    kind: z.enum(["rolling_months", "calendar_year", "inactivity_months", "never"]).optional(),
    months: z.int().min(0).max(expiryMonthsMax).nullable().optional(),
    roundTo: RoundTo.nullable().optional(),
  })
  .nullable()
  .meta({ id: "ExpiryPolicyPatch" });

export const DebtPolicy = z.enum(["forbid", "within_balance", "allow_negative"]).meta({
  description:
    "What happens when more points are taken back than the member has. `forbid`: refused. `within_balance`: as many as there are. `allow_negative`: the rest is owed, and paid by what is earned next.",
});

export const PointValue = z
  .strictObject({ points: z.int().min(1).max(1_000_000_000), amount: Money })
  .refine(({ amount }) => amount.amountMinor >= 0, { path: ["amount", "amountMinor"], error: "Not below 0." })
  .meta({
    id: "PointValue",
    description: "What so many points are worth, for the liability report.",
    example: { points: 100, amount: { amountMinor: 50, currency: "EUR" } },
  });
export type PointValue = z.infer<typeof PointValue>;

const day = 86_400;
const settingsShape = {
  name: text(200),
  pointsName: text(50).default("points").meta({ description: "What members call them.", example: "beans" }),
  timeZone: TimeZone.optional().meta({ description: "IANA time zone that decides the programme's day; the tenant's unless given.", example: "Europe/Paris" }),
  expiry: ExpiryPolicy.default({ kind: "rolling_months", months: 24, roundTo: "month_end" }),
  pendingDays: z.int().min(0).max(60).default(0).meta({ description: "Days from the earning until points can be used." }),
  debtPolicy: DebtPolicy.default("forbid"),
  reimbursementGraceDays: z
    .int()
    .min(0)
    .max(366)
    .default(0)
    .meta({ description: "How long points can be used that come back after they have expired. 0: they stay expired." }),
  holdSeconds: z
    .int()
    .min(1)
    .max(30 * day)
    .default(900)
    .meta({ description: "How long points are set aside by a hold that does not say." }),
  tiers: TierPolicy.optional(),
  pointValue: PointValue.optional(),
  status: z
    .enum(["active", "closed"])
    .default("active")
    .meta({ description: "`closed`: nobody joins and nothing is earned any more; points can still be used until they expire." }),
  metadata: Metadata.default({}),
};

export const ProgramSettings = z.strictObject(settingsShape);
export const ProgramPatch = z
  .strictObject({
    ...patchShape(settingsShape),
    expiry: ExpiryPolicyPatch.optional(),
    tiers: TierPolicyPatch.optional(),
    metadata: MetadataPatch.optional(),
  })
  .meta({ id: "ProgramPatch" });

export const Program = z
  .object({ id: idOf("prg"), object: z.literal("program"), ...settingsShape, timeZone: z.string(), ...recordFields })
  .meta({ id: "Program" });
export type Program = z.output<typeof Program>;
/** What is kept of a programme, which is what is shown. */
export type ProgramRecord = Program;

export const programExample = {
  id: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "program" as const,
  name: "Café Lumière Club",
  pointsName: "beans",
  timeZone: "Europe/Paris",
  expiry: { kind: "rolling_months" as const, months: 24, roundTo: "month_end" as const },
  pendingDays: 0,
  debtPolicy: "forbid" as const,
  reimbursementGraceDays: 0,
  holdSeconds: 900,
  tiers: {
    period: "calendar_year" as const,
    retention: "next_period" as const,
    downgrade: "one_down" as const,
    gracePeriodDays: 0,
    levels: [
      { code: "silver", name: "Silver", qualifyingPoints: 1000, earnMultiplier: 1.25 },
      { code: "gold", name: "Gold", qualifyingPoints: 5000, earnMultiplier: 1.5, entitlements: ["free_delivery"] },
    ],
  },
  status: "active" as const,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
/** Shorter than what it makes: everything has a default but the name. */
export const newProgramExample = {
  name: programExample.name,
  pointsName: programExample.pointsName,
  tiers: { period: programExample.tiers.period, downgrade: programExample.tiers.downgrade, levels: programExample.tiers.levels },
};
