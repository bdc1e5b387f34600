/** Chance with a seed: a run that fails can be run again. */
/** Mulberry32: small, and the same for the same seed everywhere. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  between = (least: number, most: number): number => least + Math.floor(this.next() * (most - least + 1));
  chance = (share: number): boolean => this.next() < share;
  of = <T>(choices: readonly T[]): T => choices[this.between(0, choices.length - 1)] as T;
}
