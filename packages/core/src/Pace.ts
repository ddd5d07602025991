/** Values held back for time: `debounce` and `throttle`. */

export type Pacing = "debounce" | "throttle"

/** Holds at most one value. Times are monotonic milliseconds. */
export class Pace<Item> {
  readonly by: Pacing
  private readonly ms: number
  /** Written by the methods. */
  held: Item | undefined = undefined
  /** When what is held passes; of a throttle, also when the next value may. Written by the methods. */
  at = Number.NEGATIVE_INFINITY

  constructor(by: Pacing, ms: number) {
    this.by = by
    this.ms = ms
  }

  /** Whether the value passes at once. If not, it is held, in the place of what `held` was before. */
  admit(item: Item, now: number): boolean {
    const passes = this.by === "throttle" && now >= this.at && this.held === undefined
    if (passes) {
      this.at = now + this.ms
    } else {
      this.held = item
      if (this.by === "debounce") this.at = now + this.ms
    }
    return passes
  }

  release(now: number): Item | undefined {
    const { held } = this
    this.held = undefined
    if (this.by === "throttle") this.at = now + this.ms
    return held
  }
}
