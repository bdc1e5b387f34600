/** The world beyond the table, as operations and due work see it: a queue they hand work to, hosts they may not name, the deployment's signature. */

/** Work for the queue. Delivered at least once, in no certain order, not before `delaySeconds` (up to 15 minutes) are over. */
export type Message = {
  /** Whose work it is: no group keeps another waiting. */
  readonly group: string;
  readonly body: object;
  readonly delaySeconds?: number;
};
export const delaySecondsMax = 900;

/** What the queue carries: the message's own body, and the partition whose work it is. */
export type QueueEntry = { readonly body: string; readonly group: string; readonly delaySeconds: number };
export const queueEntryOf = (partition: string, { body, group, delaySeconds = 0 }: Message): QueueEntry => ({
  body: JSON.stringify({ partition, ...body }),
  group: `${partition}:${group}`,
  delaySeconds,
});

export type Outside = {
  /** Why requests may not be sent to a URL; undefined when they may, or when its host is not known yet. */
  refusalOfTarget(url: string): Promise<{ readonly code: string; readonly detail: string } | undefined>;
  /** A compact JWS (RFC 7515) over the statement under the deployment's key, whose public half stands in the JWKS. `type` is its `typ`: no kind of statement passes for another. */
  sign(type: string, statement: object): Promise<string>;
};
