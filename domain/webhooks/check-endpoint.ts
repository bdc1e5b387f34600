/** What an endpoint's settings must stand up to besides their schema. */
import { eventTypes } from "../events.ts";
import type { Outside } from "../kernel/outside.ts";
import { type InputError, shellProblem } from "../kernel/problem.ts";
import { unknownPatterns } from "./subscription.ts";

export const targetNotAllowed = {
  webhook_target_not_allowed: { status: 422, title: "Webhooks may not be sent to this URL; reason tells why." },
} as const;

/** Throws 400 `invalid_input` that points at each pattern which matches no type of the catalogue. */
export function refuseUnknownTypes(patterns: readonly string[]): void {
  const errors = unknownPatterns(patterns, eventTypes).map(
    (pattern): InputError => ({
      in: "body",
      pointer: `/eventTypes/${patterns.indexOf(pattern)}`,
      code: "unknown_event_type",
      detail: `No event type matches ${pattern}; GET /v1/event-types lists them all.`,
    }),
  );
  if (errors.length > 0) throw shellProblem("invalid_input", { errors });
}

type Refuse = (code: keyof typeof targetNotAllowed, members: Record<string, unknown>) => never;

/** Ends with `webhook_target_not_allowed` when webhooks may not go to `url`; `pointer` is where the body names it. */
export async function refuseTarget(outside: Outside, url: string, fail: Refuse, pointer?: string): Promise<void> {
  const refusal = await outside.refusalOfTarget(url);
  if (!refusal) return;
  const { code, detail } = refusal;
  const errors: InputError[] = pointer === undefined ? [] : [{ in: "body", pointer, code, detail }];
  fail("webhook_target_not_allowed", { reason: code, detail, ...(errors.length > 0 && { errors }) });
}
