/**
 * The last sequence of a log, to begin with the next event and not with the oldest. `firstAfter` answers the sequence of
 * the first event after the given one, undefined when there is none: `GET /v1/events?afterSequence=&limit=1`. It is
 * asked about twice the binary logarithm of the log's length, so some forty times for a million events.
 */
export async function latestSequence(firstAfter: (sequence: number) => Promise<number | undefined>): Promise<number> {
  let [known, none] = [0, Number.POSITIVE_INFINITY];
  for (let step = 1; none > known; step *= 2) {
    const asked = none === Number.POSITIVE_INFINITY ? known + step : Math.floor((known + none) / 2);
    const found = await firstAfter(asked);
    if (found === undefined) none = asked;
    else known = found;
  }
  return known;
}
