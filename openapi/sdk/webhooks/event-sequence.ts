/** Puts webhooks in order and makes them complete: what did not arrive is read from `GET /v1/events`. */
import type { WebhookEvent } from "./webhook-event.ts";

/** One gap-free sequence of events. */
export type EventLog = Pick<WebhookEvent, "tenantId" | "livemode" | "lane">;
/** The last delivered sequence of each log, by `logName`. Plain JSON, for keeping. */
export type SequencePosition = Readonly<Record<string, number>>;

export type EventSequenceOptions = {
  /**
   * All events of the log after `afterSequence`, in order: the pages of `GET /v1/events?afterSequence=` one after another,
   * with a key of that tenant and mode. A `type` filter must let through all that the webhook endpoint subscribes to; what
   * it leaves out is not missed.
   */
  fetchEvents: (log: EventLog, afterSequence: number) => AsyncIterable<WebhookEvent>;
  /**
   * Called once for each event of a log, in order, never twice at a time for one log. `position` is where the sequences
   * stand with this event. Keep it in the transaction of your own change, start with it the next time, and each event takes
   * effect exactly once however the process ends. When this throws, the event comes again before any later one.
   */
  deliver: (event: WebhookEvent, position: SequencePosition) => void | Promise<void>;
  /** Where to go on. A log that is not in it begins with its oldest readable event; see `latestSequence` to begin with the next. */
  position?: SequencePosition;
  /** How many early arrivals wait at most while a gap is filled. */
  waitingMax?: number;
};

export interface EventSequence {
  /**
   * Takes a verified event, in whatever order and however often it arrives. Resolves when it has been delivered, now or
   * before: then answer 2xx. Rejects with what `deliver` or `fetchEvents` threw, or with `TooManyWaiting`: answer 5xx, and
   * it arrives again.
   */
  accept(event: WebhookEvent): Promise<void>;
  /** Delivers all that the log has. Call it at the start and now and then: no later arrival tells that the last one was lost. */
  catchUp(log: EventLog): Promise<void>;
  position(): SequencePosition;
}

export class TooManyWaiting extends Error {}

export const logName = ({ tenantId, livemode, lane }: EventLog): string => `${tenantId}/${livemode ? "live" : "test"}/${lane}`;

export function eventSequence({ fetchEvents, deliver, position: start = {}, waitingMax = 1000 }: EventSequenceOptions): EventSequence {
  const position: Record<string, number> = { ...start };
  const followers = new Map<string, LogFollower>();
  const followerOf = (log: EventLog) => {
    const name = logName(log);
    const follower =
      followers.get(name) ??
      followLog({
        waitingMax,
        fetchAfter: (sequence) => fetchEvents({ tenantId: log.tenantId, livemode: log.livemode, lane: log.lane }, sequence),
        delivered: () => position[name] ?? 0,
        async deliver(event) {
          await deliver(event, { ...position, [name]: event.sequence });
          position[name] = event.sequence;
        },
      });
    followers.set(name, follower);
    return follower;
  };
  return {
    accept: (event) => followerOf(event).accept(event),
    catchUp: (log) => followerOf(log).catchUp(),
    position: () => ({ ...position }),
  };
}

type LogFollower = { accept(event: WebhookEvent): Promise<void>; catchUp(): Promise<void> };
type Follow = {
  fetchAfter: (sequence: number) => AsyncIterable<WebhookEvent>;
  delivered: () => number;
  deliver: (event: WebhookEvent) => Promise<void>;
  waitingMax: number;
};

function followLog({ fetchAfter, delivered, deliver, waitingMax }: Follow): LogFollower {
  const waiting = new Map<number, WebhookEvent>();
  let working: Promise<void> | undefined;

  let furthestArrival = 0;

  /** Delivers what the log has until `isFarEnough`; the log is complete, so what it does not have is not to come. */
  async function deliverLogged(isFarEnough: () => boolean): Promise<void> {
    for await (const event of fetchAfter(delivered())) {
      if (event.sequence > delivered()) await deliver(event);
      if (isFarEnough()) return;
    }
  }

  async function deliverWaiting(): Promise<void> {
    while (waiting.size > 0) {
      const first = Math.min(...waiting.keys());
      const next = waiting.get(first) as WebhookEvent;
      if (first > delivered() + 1) await deliverLogged(() => delivered() >= furthestArrival);
      if (first > delivered()) await deliver(next);
      waiting.delete(first);
    }
  }

  /** One worker at a time, so that nothing overtakes; whoever comes meanwhile waits for it. After a failure all that waits comes anew from its sender. */
  async function work(task: () => Promise<void>): Promise<void> {
    working ??= task()
      .catch((error) => {
        waiting.clear();
        throw error;
      })
      .finally(() => (working = undefined));
    await working;
  }

  return {
    async accept(event) {
      if (event.sequence <= delivered()) return;
      if (waiting.size >= waitingMax && !waiting.has(event.sequence)) throw new TooManyWaiting(`${waitingMax} events wait for earlier ones.`);
      waiting.set(event.sequence, event);
      furthestArrival = Math.max(furthestArrival, event.sequence);
      while (event.sequence > delivered())
        await work(deliverWaiting).catch((error) => {
          if (event.sequence > delivered()) throw error;
        });
    },
    async catchUp() {
      while (working) await working.catch(() => undefined);
      await work(async () => {
        await deliverLogged(() => false);
        await deliverWaiting();
      });
    },
  };
}
