/** Due work: what the product does later by itself. A handler decides like an operation and returns a plan. */
import type { Message } from "./outside.ts";
import type { Change, Key, Reader } from "./table.ts";

/** The changes, and what goes to the queue once they are committed. */
export type DuePlan = { readonly changes: readonly Change[]; readonly messages?: readonly Message[] };

export type DueWork<Document extends object = never> = {
  /** Stands in the due index; stable for ever. */
  readonly kind: string;
  readonly description: string;
  /**
   * What the due document calls for. The changes must move or remove its due time, guarded by its version, or
   * the work comes back. May run late, twice, or at once with a request: no promise may depend on when it runs.
   */
  run(context: { table: Reader; now: Date }, at: Key<Document>, document: Document): Promise<DuePlan>;
};
export type AnyDueWork = DueWork<never>;
