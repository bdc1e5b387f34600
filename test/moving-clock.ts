/** The clock of the whole process, moved instead of waited for: what `Date` says goes on from wherever it is put. */
import { afterAll, beforeAll, vi } from "vitest";

/** It also goes on by itself, unless it `standsStill`. */
export function useMovingClock({ standsStill = false } = {}): { moveTo(instant: string | number): void; moveOn(seconds: number): void } {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ["Date"], shouldAdvanceTime: !standsStill, advanceTimeDelta: 5 });
  });
  afterAll(() => {
    vi.useRealTimers();
  });
  const moveTo = (instant: string | number) => {
    vi.setSystemTime(Math.max(Date.now(), new Date(instant).getTime()));
  };
  return { moveTo, moveOn: (seconds) => moveTo(Date.now() + seconds * 1000) };
}
