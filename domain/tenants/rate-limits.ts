/** Rate limits: how many reads and writes per second a tenant, or one of its API keys, may make. */
import * as z from "zod";
import type { RateLimits } from "../kernel/caller.ts";

const perSecond = (what: string) =>
  z
    .int()
    .min(1)
    .max(100_000)
    .meta({ description: `${what} per second; twice as many at once.` });
const shape = { readsPerSecond: perSecond("Reads (GET)"), writesPerSecond: perSecond("Writes, a batch counting by its items,") };

export const RateLimitsOfTenant = z.object(shape).meta({ id: "RateLimits", description: "For live and for test data apart." });
/** What is left out is not set: for a tenant the default holds, for a key the tenant's limit. */
export const RateLimitsSetting = z
  .strictObject({ readsPerSecond: shape.readsPerSecond.optional(), writesPerSecond: shape.writesPerSecond.optional() })
  .meta({ id: "RateLimitsSetting" });
export type RateLimitsSetting = z.infer<typeof RateLimitsSetting>;

export const rateLimitsDefault: RateLimits = { readsPerSecond: 200, writesPerSecond: 50 };

/** A record from before tenants had limits has the default too. */
export const rateLimitsOf = ({ rateLimits }: { rateLimits?: RateLimitsSetting }): RateLimits => ({ ...rateLimitsDefault, ...rateLimits });

/** What holds for a caller: the tenant's limits, and below them those of the key. */
export const effectiveLimits = (tenant: RateLimits, key: RateLimitsSetting = {}): RateLimits => ({
  readsPerSecond: Math.min(tenant.readsPerSecond, key.readsPerSecond ?? tenant.readsPerSecond),
  writesPerSecond: Math.min(tenant.writesPerSecond, key.writesPerSecond ?? tenant.writesPerSecond),
});
