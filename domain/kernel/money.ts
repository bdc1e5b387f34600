/** Money in minor units (cents), whole numbers only. */
import * as z from "zod";
import { Currency } from "./localization.ts";

export const Money = z
  .strictObject({
    amountMinor: z.int().meta({ description: "In the currency's minor unit: 1177 is 11.77 EUR, 1177 JPY is 1177 yen. Negative for a return." }),
    currency: Currency,
  })
  .meta({ id: "Money", example: { amountMinor: 1177, currency: "EUR" } });
export type Money = z.infer<typeof Money>;
