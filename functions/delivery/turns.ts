/** The turns of an endpoint that takes so many deliveries a second: one number in the table says when the next one is free. */
import { updateIf } from "../shell/dynamodb.ts";

/** Turns are given away this far ahead; what comes later asks again then. */
const horizonSeconds = 900;
const secondMicroseconds = 1_000_000;
/** Where the mark stood when this process last saw it: which of the two updates to try first. */
const marks = new Map<string, number>();
const marksMax = 10_000;

/** Milliseconds to wait for each of `count` deliveries, and whether those turns are theirs; if not, they ask again after that time. */
export type Turns = { readonly waitsMilliseconds: readonly number[]; readonly areTaken: boolean };

/** One write, two when the endpoint has been idle. Turns that are not used are lost, so it never gets more than it takes. */
export async function takeTurns(partition: string, endpointId: string, perSecond: number, count: number): Promise<Turns> {
  const pk = `RL#${partition}#${endpointId}`;
  const span = Math.floor(secondMicroseconds / perSecond);
  for (;;) {
    const now = Date.now() * 1_000;
    const mark = marks.get(pk) ?? 0;
    if (mark > now + horizonSeconds * secondMicroseconds)
      return { waitsMilliseconds: Array.from({ length: count }, () => (mark - now) / 1_000), areTaken: false };
    const start = await moveMark(pk, mark, now, count * span);
    if (start !== undefined) return { waitsMilliseconds: Array.from({ length: count }, (_, index) => (start + index * span - now) / 1_000), areTaken: true };
  }
}

/** Where the mark stood before it was moved; undefined when it stood elsewhere than `known` says. */
async function moveMark(pk: string, known: number, now: number, span: number): Promise<number | undefined> {
  const [set, condition, values] =
    known < now
      ? (["fullAt = :to", "attribute_not_exists(fullAt) OR fullAt < :now", { ":now": now, ":to": now + span }] as const)
      : ([
          "fullAt = fullAt + :span",
          "fullAt BETWEEN :now AND :highest",
          { ":now": now, ":highest": now + horizonSeconds * secondMicroseconds, ":span": span },
        ] as const);
  const ttl = { ":ttl": Math.ceil(now / secondMicroseconds) + 2 * horizonSeconds };
  const { isDone, item } = await updateIf({ pk, sk: "META" }, { set: `SET ${set}, expiresAtSeconds = :ttl`, condition, values: { ...values, ...ttl } }, 2_000);
  const mark = (item?.["fullAt"] as number | undefined) ?? 0;
  if (marks.size >= marksMax) marks.delete(marks.keys().next().value as string);
  marks.set(pk, mark);
  return isDone ? mark - span : undefined;
}
