/** Who reads the table's stream: every consumer gets the records that it wants, in order, with a position of its own. */

/** A record is wanted when it has what is named: an attribute in the new image, or a sort key that is one of these or begins so. */
export type RecordFilter = { readonly newAttribute: string } | { readonly sk: readonly (string | { readonly prefix: string })[] };
export type StreamConsumer = { readonly name: string; readonly wants: RecordFilter };

/** `name` is the Lambda's in `functions/`. */
export const streamConsumers = [
  { name: "append-events", wants: { newAttribute: "outbox" } },
  // Heads and entries of wallets: nothing else has such a sort key, or its writes would wake the consumer for nothing.
  { name: "account-points", wants: { sk: ["HEAD", { prefix: "E#" }] } },
] as const satisfies readonly StreamConsumer[];
