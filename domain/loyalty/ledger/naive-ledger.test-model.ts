/**
 * The loyalty rules once more, as simple as possible: a list of lots, one for each time that points came in, and a clock that
 * stops at every instant at which something happens. It knows nothing of buckets, entries or hashes.
 */
import type { DebtPolicy } from "./ledger.ts";

type Lot = { points: number; expiresOn: string | null; activatesOn?: string | undefined; holdId?: string | undefined };
type Part = { expiresOn: string | null; points: number };
export type Earned = { kind: "earned"; points: number; expiresOn: string | null; activatesOn: string | undefined; undone: number };
export type Spent = { kind: "spent"; points: number; parts: Part[]; undone: number };
export type Expired = { kind: "expired"; points: number; undone: number };
type Outcome<Made> = { refused: string } | { made: Made };

const dayMilliseconds = 86_400_000;
const latest = "~";
/** India is five and a half hours ahead all year. */
export const modelTimeZone = "Asia/Kolkata";
const zoneMilliseconds = 19_800_000;
export const modelDay = (instant: number): string => new Date(instant + zoneMilliseconds).toISOString().slice(0, 10);
const startOf = (day: string): number => Date.parse(day) - zoneMilliseconds;
const endOf = (day: string): number => startOf(day) + dayMilliseconds;
const soonest = (one: { expiresOn: string | null }, other: { expiresOn: string | null }) => ((one.expiresOn ?? latest) < (other.expiresOn ?? latest) ? -1 : 1);
const total = (parts: readonly { points: number }[]) => parts.reduce((sum, { points }) => sum + points, 0);

export class NaiveWallet {
  lots: Lot[] = [];
  holds = new Map<string, number>();
  debt = 0;
  totals = { issued: 0, redeemed: 0, expired: 0, reversed: 0, transferred: 0 };
  expiries: Expired[] = [];
  /** The last day of lots that expire by inactivity. */
  activeUntil: string | null = null;

  /** Lives through everything up to `now`. */
  advance(now: number): void {
    while (this.settleNext(now));
    this.lots = this.lots.filter(({ points }) => points > 0);
  }
  private settleNext(now: number): boolean {
    const activations = this.lots.flatMap(({ activatesOn }) => (activatesOn ? [{ at: startOf(activatesOn), order: 0, what: activatesOn }] : []));
    const expiries = this.usable().flatMap((lot) => {
      const lastDay = this.lastDay(lot);
      return lastDay ? [{ at: endOf(lastDay), order: 1, what: lot.expiresOn as string }] : [];
    });
    const timeouts = [...this.holds].map(([what, at]) => ({ at, order: 2, what }));
    const due = [...activations, ...expiries, ...timeouts].filter(({ at }) => at <= now);
    const [next] = due.sort((a, b) => a.at - b.at || a.order - b.order || (a.what < b.what ? -1 : 1));
    if (next?.order === 0) this.activate(next.what);
    if (next?.order === 1) this.expire(next.what);
    if (next?.order === 2) this.release(next.what, next.at);
    return next !== undefined;
  }

  lastDay = ({ expiresOn }: { expiresOn: string | null }) => (expiresOn === "inactivity" ? this.activeUntil : expiresOn);
  /** The member did something, or (`seed`) got points that need a date when there is none that lies ahead. */
  active(now: number, until: string | undefined, seed = false): void {
    if (until === undefined || (seed && (this.activeUntil ?? "") >= modelDay(now))) return;
    if (until > (this.activeUntil ?? "")) this.activeUntil = until;
  }

  usable = (): Lot[] => this.lots.filter(({ points, activatesOn, holdId }) => points > 0 && !activatesOn && !holdId).sort(soonest);
  pending = (): Lot[] => this.lots.filter(({ activatesOn }) => activatesOn);
  held = (holdId: string): Lot[] => this.lots.filter((lot) => lot.points > 0 && lot.holdId === holdId).sort(soonest);
  available = (): number => total(this.usable());

  private activate(day: string): void {
    const active = this.lots.filter(({ activatesOn }) => activatesOn === day).sort(soonest);
    for (const lot of active) {
      lot.activatesOn = undefined;
      this.payDebtWith(lot);
    }
  }
  private payDebtWith(lot: Lot): void {
    const paid = Math.min(lot.points, this.debt);
    lot.points -= paid;
    this.debt -= paid;
  }
  private expire(expiresOn: string): void {
    const dead = this.usable().filter((lot) => lot.expiresOn === expiresOn);
    this.expiries.push({ kind: "expired", points: total(dead), undone: 0 });
    this.totals.expired += total(dead);
    for (const lot of dead) lot.points = 0;
  }
  private release(holdId: string, at: number): void {
    this.holds.delete(holdId);
    for (const lot of this.held(holdId)) {
      lot.holdId = undefined;
      this.arrive(lot, at);
    }
  }
  /** Points that had been out of reach: those whose date has passed meanwhile are lost. */
  private arrive(lot: Lot, at: number): void {
    const lastDay = this.lastDay(lot);
    if (lastDay && lastDay < modelDay(at)) {
      this.totals.expired += lot.points;
      lot.points = 0;
    } else this.payDebtWith(lot);
  }
  private put(points: number, expiresOn: string | null): void {
    const lot = { points, expiresOn };
    this.lots.push(lot);
    this.payDebtWith(lot);
  }
  private takeFrom(lots: Lot[], wanted: number): Part[] {
    const parts: Part[] = [];
    let missing = wanted;
    for (const lot of lots) {
      const some = Math.min(lot.points, missing);
      lot.points -= some;
      missing -= some;
      if (some > 0) parts.push({ expiresOn: lot.expiresOn, points: some });
    }
    return parts;
  }
  /** A command either happens and leaves a wallet that fits its head, or nothing of it does. */
  private attempt<Made>(now: number, command: () => Outcome<Made>): Outcome<Made> {
    const before = {
      lots: this.lots.map((lot) => ({ ...lot })),
      debt: this.debt,
      totals: { ...this.totals },
      holds: new Map(this.holds),
      activeUntil: this.activeUntil,
    };
    const dates = () => new Set(this.lots.map(({ expiresOn }) => expiresOn));
    const pendings = () => new Set(this.pending().map(({ activatesOn, expiresOn }) => `${activatesOn} ${expiresOn}`));
    const expiriesBefore = this.expiries.length;
    const outcome = command();
    this.advance(now);
    const isTooMuch = dates().size > 1_900 || pendings().size > 64;
    if (!isTooMuch || "refused" in outcome) return outcome;
    Object.assign(this, before);
    this.expiries.length = expiriesBefore;
    return { refused: "too_many_buckets" };
  }

  earn(now: number, points: number, expiresOn: string | null, activatesOn: string | undefined, until?: string): Outcome<Earned> {
    return this.attempt(now, () => {
      this.active(now, until);
      this.totals.issued -= points;
      const isPending = activatesOn !== undefined && startOf(activatesOn) > now;
      if (isPending) this.lots.push({ points, expiresOn, activatesOn });
      else this.put(points, expiresOn);
      return { made: { kind: "earned", points, expiresOn, activatesOn: isPending ? activatesOn : undefined, undone: 0 } };
    });
  }
  redeem(now: number, points: number, until?: string): Outcome<Spent> {
    if (this.available() < points) return { refused: "insufficient_points" };
    this.active(now, until);
    this.totals.redeemed += points;
    return { made: { kind: "spent", points, parts: this.takeFrom(this.usable(), points), undone: 0 } };
  }
  authorize(now: number, holdId: string, points: number, expiresAt: number, until?: string): Outcome<null> {
    if (this.holds.size >= 20) return { refused: "too_many_holds" };
    if (this.available() < points) return { refused: "insufficient_points" };
    this.active(now, until);
    for (const part of this.takeFrom(this.usable(), points)) this.lots.push({ ...part, holdId });
    this.holds.set(holdId, expiresAt);
    this.advance(now);
    return { made: null };
  }
  capture(now: number, holdId: string, wanted: number | undefined, until?: string): Outcome<Spent> {
    if (!this.holds.has(holdId)) return { refused: "hold_not_open" };
    const points = wanted ?? total(this.held(holdId));
    if (points > total(this.held(holdId))) return { refused: "capture_exceeds_hold" };
    this.active(now, until);
    const parts = this.takeFrom(this.held(holdId), points);
    this.totals.redeemed += points;
    if (total(this.held(holdId)) === 0) this.holds.delete(holdId);
    return { made: { kind: "spent", points, parts, undone: 0 } };
  }
  void(now: number, holdId: string): Outcome<null> {
    if (!this.holds.has(holdId)) return { refused: "hold_not_open" };
    this.release(holdId, now);
    return { made: null };
  }

  /** Takes back: the earning's own points while they are pending, then points of its date, then whatever expires first, then the policy. */
  clawBack(earned: Earned, points: number, policy: DebtPolicy): Outcome<number> {
    if (points > earned.points - earned.undone) return { refused: "reversal_exceeds_entry" };
    const own = this.lots.filter((lot) => earned.activatesOn && lot.activatesOn === earned.activatesOn && lot.expiresOn === earned.expiresOn);
    const ofItsDate = this.usable().filter(({ expiresOn }) => expiresOn === earned.expiresOn);
    const within = Math.min(points, total(own)) + this.available();
    return this.takeAway(points, within, policy, [...own, ...ofItsDate, ...this.usable()], earned);
  }
  private takeAway(points: number, within: number, policy: DebtPolicy, lots: Lot[], earned?: Earned): Outcome<number> {
    if (policy === "forbid" && within < points) return { refused: "insufficient_points" };
    const taken = policy === "within_balance" ? Math.min(points, within) : points;
    if (taken === 0) return { refused: "insufficient_points" };
    const found = total(this.takeFrom(lots, taken));
    this.debt += taken - found;
    this.totals.reversed += taken;
    if (earned) earned.undone += taken;
    return { made: taken };
  }
  /** Gives back to the dates that the points came from, the latest date first. */
  reimburse(now: number, spent: Spent, points: number, graceExpiresOn: string | undefined): Outcome<number> {
    if (points > spent.points - spent.undone) return { refused: "reversal_exceeds_entry" };
    const outcome = this.attempt(now, () => {
      const single = spent.parts
        .toSorted(soonest)
        .reverse()
        .flatMap(({ expiresOn, points: count }) => Array.from({ length: count }, () => ({ expiresOn, points: 1 })));
      const given = single.slice(spent.undone, spent.undone + points).map((part): Lot => {
        const isDead = (this.lastDay(part) ?? latest) < modelDay(now);
        return isDead && graceExpiresOn ? { ...part, expiresOn: graceExpiresOn } : part;
      });
      this.totals.redeemed -= points;
      this.lots.push(...given);
      for (const lot of given.toSorted(soonest)) this.arrive(lot, now);
      return { made: points };
    });
    if ("made" in outcome) spent.undone += points;
    return outcome;
  }
  reinstate(now: number, expired: Expired, points: number, expiresOn: string | null, until?: string): Outcome<number> {
    if (points > expired.points - expired.undone) return { refused: "reversal_exceeds_entry" };
    const outcome = this.attempt(now, () => {
      this.active(now, until, true);
      this.totals.expired -= points;
      this.put(points, expiresOn);
      return { made: points };
    });
    if ("made" in outcome) expired.undone += points;
    return outcome;
  }
  transferTo(other: NaiveWallet, now: number, points: number): Outcome<null> {
    if (this.available() < points) return { refused: "insufficient_points" };
    const isRoomThere = other.attempt(now, () => {
      const lots = this.usable().map((lot) => ({ ...lot }));
      const parts: Lot[] = this.takeFrom(lots, points);
      other.active(now, this.activeUntil ?? undefined);
      other.totals.transferred -= points;
      other.lots.push(...parts);
      for (const lot of parts) other.arrive(lot, now);
      return { made: null };
    });
    if ("refused" in isRoomThere) return isRoomThere;
    this.takeFrom(this.usable(), points);
    this.totals.transferred += points;
    return isRoomThere;
  }
  adjust(now: number, points: number, expiresOn: string | null, policy: DebtPolicy, until?: string): Outcome<number> {
    if (points < 0) return this.takeAway(-points, this.available(), policy, this.usable());
    return this.attempt(now, () => {
      this.active(now, until, true);
      this.totals.issued -= points;
      this.put(points, expiresOn);
      return { made: points };
    });
  }
}
