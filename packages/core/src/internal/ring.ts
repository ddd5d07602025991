/** A ring of reused slots: `next` gives the slot to write, the oldest once the ring is full. */
export class Ring<T> {
  readonly capacity: number
  private readonly make: () => T
  private readonly slots: Array<T> = []
  private cursor = 0
  /** Slots given out so far. Written by `next`. */
  recorded = 0

  constructor(capacity: number, make: () => T) {
    this.capacity = capacity
    this.make = make
  }

  get dropped(): number {
    return Math.max(0, this.recorded - this.capacity)
  }

  next(): T {
    const index = this.cursor
    this.cursor = index + 1 === this.capacity ? 0 : index + 1
    this.recorded++
    return (this.slots[index] ??= this.make())
  }

  /** The slot that was given out `seq`-th, from 1, if it is still in the ring. */
  at(seq: number): T | undefined {
    return seq > this.dropped && seq <= this.recorded ? this.slots[(seq - 1) % this.capacity] : undefined
  }
}
