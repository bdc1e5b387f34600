/** Clients of a programme's wallets: what they want is chance, and what is not answered they ask again until it is. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Dice } from "../domain/loyalty/ledger/dice.test-model.ts";
import { type Answer, call, type Json } from "./clientele.ts";

export type Wish = {
  /** Two wishes of one name are one command: it may have one effect. */
  readonly name: string;
  readonly path: string;
  readonly body: object;
  readonly key?: string | undefined;
};
/** A wish and its final answer; `begunAt` and `answeredAt` by a clock that nobody moves. */
export type Told = Wish & Answer & { readonly begunAt: number; readonly answeredAt: number };

/** By then a write that comes late has come. */
const arrivedMilliseconds = 1_500;
const hour = 3_600_000;
const day = 24 * hour;
const dateIn = (days: number) => new Date(Date.now() + days * day).toISOString().slice(0, 10);
const instantIn = (hours: number) => new Date(Date.now() + hours * hour).toISOString();
/** Answers after which the same request may be sent again. */
const isPassing = ({ status, body }: Answer) => status === 503 || body.code === "contention";

export class Clients {
  readonly told: Told[] = [];
  readonly #apiKey: string;
  readonly #wallets: readonly string[];
  readonly #entryIds: string[] = [];
  readonly #holdIds: string[] = [];
  /** Since when requests are unanswered, by the clock that is moved. */
  readonly #waitingSince = new Set<{ readonly at: number }>();
  /** Refused, but only after an answer that left open whether a try of theirs is still on its way. */
  readonly #uncertain = new Set<Wish>();
  #wishes = 0;

  constructor(apiKey: string, wallets: readonly string[]) {
    this.#apiKey = apiKey;
    this.#wallets = wallets;
  }

  /** How far the clock may go: a key is remembered for seven days, and nobody's request is older than that. */
  get latestNow(): number {
    return Math.min(...[...this.#waitingSince].map(({ at }) => at)) + 6 * day;
  }

  /** One client, one wish after the other; none is begun after so many seconds. */
  async want(count: number, dice: Dice, seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    for (let wished = 0; wished < count && performance.now() < end; wished++) {
      const wish = this.#wish(dice);
      const waiting = { at: Date.now() };
      this.#waitingSince.add(waiting);
      // Some ask twice at once, some once more when they have the answer.
      await Promise.all(dice.chance(0.1) ? [this.#ask(wish), this.#ask(wish)] : [this.#ask(wish)]);
      if (dice.chance(0.1)) await this.#ask(wish);
      // They ask what became of it when nothing of theirs is on its way any more, and while their key is still remembered.
      while (this.#uncertain.delete(wish)) {
        await pause(arrivedMilliseconds);
        await this.#ask(wish);
      }
      this.#waitingSince.delete(waiting);
    }
  }

  async #ask(wish: Wish): Promise<void> {
    const begunAt = performance.now();
    const headers: Record<string, string> = wish.key ? { "idempotency-key": wish.key } : {};
    let answer: Answer;
    let isUnclear = false;
    for (;;) {
      answer = await call(this.#apiKey, "post", `/v1${wish.path}`, { body: wish.body, headers });
      if (!isPassing(answer)) break;
      isUnclear ||= answer.status === 503;
      await pause(5 + Math.random() * 20);
    }
    if (isUnclear && answer.status >= 300) this.#uncertain.add(wish);
    this.told.push({ ...wish, ...answer, begunAt, answeredAt: performance.now() });
    if (answer.status >= 300) return;
    this.#entryIds.push(...entriesIn(answer.body).map(({ id }) => id));
    if (answer.body.hold?.status === "open") this.#holdIds.push(answer.body.hold.id);
  }

  #wish(dice: Dice): Wish {
    const name = `wish-${(this.#wishes += 1)}`;
    const wallet = dice.of(this.#wallets);
    const points = dice.between(1, 100);
    const keyed = (path: string, body: object): Wish => ({ name, path, body, key: randomUUID() });
    const entryId = dice.of(this.#entryIds.slice(-20));
    const holdId = dice.of(this.#holdIds.slice(-8));
    const part = dice.chance(0.5) ? { points: dice.between(1, 40) } : {};
    const choices: [weight: number, make: () => Wish][] = [
      [30, () => this.#earning(name, wallet, points, dice)],
      [14, () => this.#redemption(name, wallet, points, dice)],
      [10, () => keyed(`/wallets/${wallet}/holds`, { points, expiresAt: instantIn(dice.between(1, 120)), reason: name })],
      [10, () => keyed("/transfers", { fromWalletId: wallet, toWalletId: dice.of(this.#wallets.filter((one) => one !== wallet)), points, reason: name })],
      [8, () => keyed(`/wallets/${wallet}/adjustments`, { points: dice.chance(0.5) ? points : -points, reason: name })],
      [entryId ? 12 : 0, () => keyed(`/entries/${entryId}/reversals`, { ...part, reason: name })],
      [holdId ? 10 : 0, () => keyed(`/holds/${holdId}/captures`, part)],
      [holdId ? 5 : 0, () => keyed(`/holds/${holdId}/void`, {})],
    ];
    let drawn = dice.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    const chosen = choices.find(([weight]) => (drawn -= weight) < 0) as (typeof choices)[number];
    return chosen[1]();
  }

  /** Of one order several clients tell: it earns once. Some orders are told with other points: that is refused. */
  #earning(name: string, wallet: string, points: number, dice: Dice): Wish {
    const [pendingDays, lifeDays] = [dice.between(0, 6), dice.between(0, 6)];
    const dates = {
      ...(dice.chance(0.5) && { expiresOn: dateIn(pendingDays + lifeDays) }),
      ...(dice.chance(0.3) && { pendingUntil: dateIn(pendingDays) }),
      ...(dice.chance(0.2) && { effectiveAt: instantIn(-dice.between(1, 100)) }),
    };
    const path = `/wallets/${wallet}/earnings`;
    if (dice.chance(0.25)) return { name, path, body: { points, reason: name, ...dates }, key: randomUUID() };
    const order = dice.chance(0.3) ? `shared-${dice.between(1, 40)}` : name;
    const same = order === name ? points : dice.chance(0.9) ? 50 : 51;
    return this.#referring(path, { points: same, reference: order, ...(order === name && dates) }, wallet, dice);
  }

  #redemption(name: string, wallet: string, points: number, dice: Dice): Wish {
    const path = `/wallets/${wallet}/redemptions`;
    if (dice.chance(0.5)) return { name, path, body: { points, reason: name }, key: randomUUID() };
    return this.#referring(path, { points, reference: name }, wallet, dice);
  }

  #referring(path: string, body: { points: number; reference: string }, wallet: string, dice: Dice): Wish {
    return { name: `${wallet} ${body.reference}`, path, body, key: dice.chance(0.3) ? randomUUID() : undefined };
  }
}

/** The entries that an answer tells of. */
export const entriesIn = (body: Json): Json[] => body.entries ?? [body.entry];
