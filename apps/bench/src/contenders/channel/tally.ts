export const capacity = 256

/** Counts what was handled, and calls whoever waits for the last of a sample. Samples send 0, 1, 2, ... */
export class Tally {
  private handled = 0
  private inOrder = true
  private next = 0
  private last = -1
  private ended: () => void = () => {}

  /** What every handler does first; then it suspends if this is true. */
  readonly handle = (n: number): boolean => {
    this.handled++
    this.inOrder &&= n === this.next
    this.next++
    if (n === this.last) this.ended()
    return n % 16 === 0
  }

  /** Settles when a sample of `times` has been handled. */
  awaiting(times: number): Promise<void> {
    this.next = 0
    this.last = times - 1
    return new Promise((resolve) => {
      this.ended = resolve
    })
  }

  verify(contender: string, times: number): void {
    if (this.handled !== times) throw new Error(`${contender}: ${this.handled} of ${times} were handled`)
    if (!this.inOrder) throw new Error(`${contender}: handled out of order`)
  }
}

export interface ChannelContender {
  readonly name: string
  /** How much of a sample it can do within seconds. Default all. */
  readonly share?: number
  /** Gives the function that sends 0, 1, 2, ... `times` actions. */
  readonly make: (tally: Tally) => (times: number) => void | Promise<void>
}
