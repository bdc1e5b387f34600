/** What a purchase and its customer must be like for an earning rule to apply. Every condition that is given must hold. */
import * as z from "zod";
import { Channel, Code } from "../../customers/model.ts";
import { Currency } from "../../kernel/localization.ts";
import { text } from "../../kernel/text.ts";
import { type LocalTime, weekdayBefore, weekdays } from "./local-time.ts";
import { linesAmountMinor, type Purchase, type PurchaseLine } from "./purchase.ts";

const AmountRange = z
  .strictObject({ minMinor: z.int().min(0).optional(), maxMinor: z.int().min(0).optional() })
  .refine(({ minMinor = 0, maxMinor = minMinor }) => minMinor <= maxMinor, "The minimum exceeds the maximum.");
const listOf = <Item extends z.ZodType>(item: Item, max: number) => z.array(item).min(1).max(max);
const ClockTime = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "HH:MM, from 00:00 to 23:59.")
  .meta({ example: "17:00" });

export const TimeWindow = z
  .strictObject({
    weekdays: listOf(z.enum(weekdays), 7).optional().meta({ description: "Every day without it." }),
    from: ClockTime.default("00:00"),
    to: ClockTime.default("00:00").meta({ description: "The end is no part of the window. One that is not later than `from` is that of the next day." }),
  })
  .meta({ id: "TimeWindow", description: "By the clock and the calendar of the programme's zone." });
export type TimeWindow = z.output<typeof TimeWindow>;

export const conditionsShape = {
  currency: Currency.optional().meta({ description: "What the rule's amounts are in. Without it they are minor units of whatever the purchase is in." }),
  amount: AmountRange.optional().meta({ description: "Of the purchase, both ends included." }),
  productCodes: listOf(Code, 500).optional().meta({ description: "With these or with `categories`, the rule counts the lines that have one of each list." }),
  categories: listOf(Code, 100).optional(),
  linesAmount: AmountRange.optional().meta({ description: "Of the lines that the rule counts, summed." }),
  storeCodes: listOf(Code, 500).optional(),
  channels: listOf(Channel, 21).optional(),
  times: listOf(TimeWindow, 20).optional().meta({ description: "The purchase must have occurred in one of them." }),
  tiers: listOf(Code, 20).optional().meta({ description: "The customer must be in one of them." }),
  tags: listOf(text(50), 50).optional().meta({ description: "The customer must have one of them." }),
};
export const EarningConditions = z.strictObject(conditionsShape).meta({ id: "EarningConditions" });
export type EarningConditions = z.output<typeof EarningConditions>;

/** Whom the purchase is of, as it was when the purchase occurred. */
export type Earner = { readonly tags: readonly string[]; readonly tier?: string | undefined; readonly tierMultiplier?: number | undefined };

export type UnmetCondition =
  | "other_currency"
  | "amount_below_minimum"
  | "amount_above_maximum"
  | "no_matching_line"
  | "lines_amount_below_minimum"
  | "lines_amount_above_maximum"
  | "store_not_included"
  | "channel_not_included"
  | "outside_time_window"
  | "tier_not_included"
  | "tag_not_included";

export const countsLines = ({ productCodes, categories }: EarningConditions): boolean => productCodes !== undefined || categories !== undefined;

const includes = (list: readonly string[] | undefined, value: string | undefined): boolean =>
  list === undefined || (value !== undefined && list.includes(value));
/** The lines that a rule with these conditions counts. */
export const matchingLines = ({ productCodes, categories }: EarningConditions, lines: readonly PurchaseLine[]): PurchaseLine[] =>
  lines.filter(({ productCode, category }) => includes(productCodes, productCode) && includes(categories, category));

/** The first condition that does not hold, in the order of `UnmetCondition`. */
export function unmetCondition(conditions: EarningConditions, purchase: Purchase, earner: Earner, at: LocalTime): UnmetCondition | undefined {
  const { currency, amount, linesAmount, storeCodes, channels, times, tiers, tags } = conditions;
  const { amountMinor } = purchase.amount;
  const lines = matchingLines(conditions, purchase.lines);
  const linesMinor = linesAmountMinor(lines);
  if (!includes(currency === undefined ? undefined : [currency], purchase.amount.currency)) return "other_currency";
  if (amountMinor < (amount?.minMinor ?? 0)) return "amount_below_minimum";
  if (amountMinor > (amount?.maxMinor ?? amountMinor)) return "amount_above_maximum";
  if (countsLines(conditions) && lines.length === 0) return "no_matching_line";
  if (linesMinor < (linesAmount?.minMinor ?? linesMinor)) return "lines_amount_below_minimum";
  if (linesMinor > (linesAmount?.maxMinor ?? linesMinor)) return "lines_amount_above_maximum";
  if (!includes(storeCodes, purchase.storeCode)) return "store_not_included";
  if (!includes(channels, purchase.channel)) return "channel_not_included";
  if (times && !times.some((window) => isWithin(window, at))) return "outside_time_window";
  if (!includes(tiers, earner.tier)) return "tier_not_included";
  if (tags && !tags.some((tag) => earner.tags.includes(tag))) return "tag_not_included";
  return undefined;
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** What is after midnight in a window over midnight belongs to the day on which the window began. */
function isWithin({ weekdays, from, to }: TimeWindow, { weekday, minute }: LocalTime): boolean {
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (start < end) return includes(weekdays, weekday) && minute >= start && minute < end;
  return (includes(weekdays, weekday) && minute >= start) || (includes(weekdays, weekdayBefore(weekday)) && minute < end);
}
