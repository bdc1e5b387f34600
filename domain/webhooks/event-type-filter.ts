/** Picking events by type, or by noun. */
import * as z from "zod";

export const EventTypeFilter = z
  .string()
  .regex(/^[a-z_]+\.(?:[a-z_]+|\*)$/, "A type such as customer.created, or customer.* for all of a noun.")
  .meta({ description: "A type such as `customer.created`, or `customer.*` for all of a noun.", example: "customer.*" });
export const isOfType = (filter: string | undefined, { type }: { type: string }): boolean =>
  filter === undefined || (filter.endsWith(".*") ? type.startsWith(filter.slice(0, -1)) : type === filter);
