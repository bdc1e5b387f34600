import type { DueWork } from "../../kernel/due-work.ts";
import { tell } from "../../kernel/event.ts";
import { revise } from "../../kernel/revision.ts";
import { replace } from "../../kernel/table.ts";
import { todayIn } from "../ledger/calendar.ts";
import { loadProgram } from "../store.ts";
import type { Membership } from "./membership.ts";
import { lapseKind, membershipChange, placementOf } from "./membership-command.ts";
import { membershipLapsed } from "./membership-events.ts";
import { isOver, membershipAt } from "./membership-life.ts";

/** Benefits never wait for this: it writes down, and so tells, that a membership is over. */
export const lapseMembership: DueWork<Membership> = {
  kind: lapseKind,
  description: "Writes down that a membership has lapsed, or that its cancellation has taken effect.",
  async run({ table, now }, at, kept) {
    const program = await loadProgram(table, kept.programId);
    if (!program) return { changes: [] };
    const { timeZone } = program;
    const membership = membershipAt(kept, todayIn(timeZone, now));
    // The programme may have moved to a zone in which the day has not come yet.
    if (!isOver(membership)) return { changes: [replace(at, kept, kept, { placement: placementOf(kept, timeZone) })] };
    return { changes: [membershipChange(kept, revise(kept, membership, now), timeZone, tell(membershipLapsed))] };
  },
};
