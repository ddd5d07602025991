/** A growable circular queue: `push`, `shift` and `at` in constant time. */
export class Fifo<T> {
  /** Length is a power of two, so that an index wraps with a mask. Written by `push`, `shift`, `clear`. */
  private slots = new Array<T | undefined>(8)
  private head = 0
  length = 0

  push(value: T): void {
    if (this.length === this.slots.length) this.grow()
    this.slots[(this.head + this.length) & (this.slots.length - 1)] = value
    this.length++
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const value = this.slots[this.head]
    this.slots[this.head] = undefined
    this.head = (this.head + 1) & (this.slots.length - 1)
    this.length--
    return value
  }

  at(index: number): T | undefined {
    return index < this.length ? this.slots[(this.head + index) & (this.slots.length - 1)] : undefined
  }

  clear(): void {
    this.slots = new Array<T | undefined>(8)
    this.head = 0
    this.length = 0
  }

  private grow(): void {
    const grown = new Array<T | undefined>(this.slots.length * 2)
    for (let i = 0; i < this.length; i++) grown[i] = this.at(i)
    this.slots = grown
    this.head = 0
  }
}
