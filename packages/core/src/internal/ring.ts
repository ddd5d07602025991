/** The positions of a ring of fixed capacity: its owner keeps the values, in arrays of that length. */
export class Ring {
  readonly capacity: number
  private cursor = 0
  /** Positions given out so far. Written by `next`. */
  recorded = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get dropped(): number {
    return Math.max(0, this.recorded - this.capacity)
  }

  /** The position to write next: the oldest's, once the ring is full. */
  next(): number {
    const position = this.cursor
    this.cursor = position + 1 === this.capacity ? 0 : position + 1
    this.recorded++
    return position
  }

  /** Where the `seq`-th value is, from 1. Meaningful for those after `dropped`, up to `recorded`. */
  positionOf(seq: number): number {
    return (seq - 1) % this.capacity
  }
}
