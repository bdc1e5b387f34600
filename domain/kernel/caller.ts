/** Who calls: the tenant, the mode, and what the credential allows. Made by the shell, read by operations. */
import type { Actor } from "./event.ts";
import type { Permission } from "./permission.ts";

export type Caller = {
  readonly tenantId: string;
  readonly livemode: boolean;
  readonly actor: Actor;
  readonly credential: { readonly id: string; readonly name: string; readonly expiresAt?: string };
  readonly scopes: readonly Permission[];
  readonly apiVersion: string;
  readonly settings: TenantSettings;
  /** The key's own limits, which hold besides the tenant's. */
  readonly rateLimits?: Partial<RateLimits>;
};

/** What operations need to know of the caller's tenant; at most 30 seconds old. */
export type TenantSettings = {
  readonly name: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly locale: string;
  /** ISO 3166 region that national phone numbers are read in. */
  readonly defaultPhoneRegion?: string;
  readonly listShards: ListShards;
  readonly rateLimits: RateLimits;
  /** Keys the HMACs of identity values and cursors. Never shown. */
  readonly secret: string;
};

/** How often the API may be called; a batch counts as one write per item. */
export type RateLimits = { readonly readsPerSecond: number; readonly writesPerSecond: number };

/** How many partitions a list of the tenant is spread over; see `shards.ts`. */
export type ListShards = { readonly count: number; readonly writtenCount: number; readonly since: string };
