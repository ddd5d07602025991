/** The flights' own time, as it runs at a speed. */

/** How many seconds of the flights' time go by in one of ours; `max`: as fast as it goes. */
export type Pace = number | "max"

/** So late may a flight be, in our milliseconds, before the clock waits for it instead of catching up. */
const lagAllowedMs = 250

export class ReplayClock {
  private pace: Pace
  private readonly now: () => number
  // Written by `set`: the flights' time, and ours when it was that.
  private time = 0
  private at = 0

  constructor(pace: Pace, now: () => number) {
    this.pace = pace
    this.now = now
  }

  set(time: number): void {
    this.time = time
    this.at = this.now()
  }

  setPace(pace: Pace): void {
    this.set(this.read())
    this.pace = pace
  }

  /** The flights' time now. At `max` it stands until it is set. */
  read(): number {
    return this.pace === "max" ? this.time : this.time + (this.now() - this.at) * this.pace
  }

  /** Our milliseconds until then; 0 when it is due. */
  until(time: number): number {
    if (this.pace === "max") return 0
    return Math.max(0, (time - this.read()) / this.pace)
  }

  /** An entry of that time has arrived. One that was held back holds the clock back. */
  arrivedAt(time: number): void {
    if (this.pace === "max") this.set(time)
    else if (this.read() - time > lagAllowedMs * this.pace) this.set(time)
  }
}
