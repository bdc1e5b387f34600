/** What each Lambda was given, answered, took and consumed: measured around it, in this process. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { streamConsumers } from "../../domain/stream-consumers.ts";
import type { Around } from "../../functions/local/runtime.ts";
import { type Consumption, consumptionOf } from "../consumption.ts";

export type Invocation = {
  /** By its name in `functions/`. */
  readonly lambda: string;
  readonly event: unknown;
  readonly answer: unknown;
  readonly milliseconds: number;
  readonly consumption: Consumption;
  readonly log: { bytes: number };
};
export type Watch = {
  readonly around: Around;
  /** What has ended since this was asked the last time. */
  taken(): Invocation[];
  /** Resolves when the consumers of the stream have had nothing to do for a while. */
  untilQuiet(): Promise<void>;
};

const consumerNames: readonly string[] = streamConsumers.map(({ name }) => name);
export const isConsumer = ({ lambda }: Pick<Invocation, "lambda">): boolean => consumerNames.includes(lambda);

/** Others may have work of their own at the same time, such as deliveries that are tried again. */
export const isAbout = ({ event }: Pick<Invocation, "event">, tenantId: string): boolean => JSON.stringify(event).includes(tenantId);

/** The stream is read every 100 ms: three turns without work are the end of it. */
const quietMilliseconds = 300;

export function watchInvocations(): Watch {
  let ended: Invocation[] = [];
  let consuming = 0;
  let lastConsumedAt = performance.now();
  const measure = async (lambda: string, event: unknown, run: () => Promise<unknown>): Promise<unknown> => {
    const log = { bytes: 0 };
    let answer: unknown;
    let milliseconds = 0;
    const startedAt = performance.now();
    const consumption = await consumptionOf(async () => {
      answer = await logging.run(log, run);
      milliseconds = performance.now() - startedAt;
    });
    ended.push({ lambda, event, answer, milliseconds, consumption, log });
    return answer;
  };
  const around = (lambda: string, handler: unknown) => {
    const run = handler as (...args: unknown[]) => Promise<unknown>;
    if (!isConsumer({ lambda })) return (...args: unknown[]) => measure(lambda, args[0], () => run(...args));
    return async (...args: unknown[]) => {
      consuming += 1;
      return measure(lambda, args[0], () => run(...args)).finally(() => {
        consuming -= 1;
        lastConsumedAt = performance.now();
      });
    };
  };
  countLogBytes();
  return {
    around: around as Around,
    taken() {
      const taken = ended;
      ended = [];
      return taken;
    },
    async untilQuiet() {
      for (const askedAt = performance.now(); consuming > 0 || performance.now() - Math.max(askedAt, lastConsumedAt) < quietMilliseconds; ) await pause(20);
    },
  };
}

const logging = new AsyncLocalStorage<{ bytes: number }>();
/** What a Lambda writes is counted as its log instead of being shown. */
function countLogBytes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = ((text: string | Uint8Array, ...more: never[]) => {
      const log = logging.getStore();
      if (!log) return write(text, ...more);
      log.bytes += Buffer.byteLength(text);
      return true;
    }) as typeof stream.write;
  }
}
