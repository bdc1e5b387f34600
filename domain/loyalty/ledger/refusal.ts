/** A refusal is thrown through the ledger's functions, so that each of them reads as if everything were well; `apply` answers it as a value. */
export type RefusalCode =
  | "insufficient_points"
  | "hold_not_open"
  | "capture_exceeds_hold"
  | "reversal_exceeds_entry"
  | "entry_not_reversible"
  | "too_many_holds"
  | "too_many_buckets";
export type Refusal = { readonly kind: "refused"; readonly code: RefusalCode; readonly members: Readonly<Record<string, unknown>> };

export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(code: RefusalCode, members: Record<string, unknown> = {}) {
    super(code);
    this.refusal = { kind: "refused", code, members };
  }
}
export const refuse = (code: RefusalCode, members?: Record<string, unknown>): never => {
  throw new Refused(code, members);
};
