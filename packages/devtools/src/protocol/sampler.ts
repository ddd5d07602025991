/** Reads the backlogs of a runtime's instances every so often, for one panel, and keeps the newest readings. */
import * as Structure from "@sluice/core/Structure"
import { maxSamples } from "./insight.ts"
import type { Success } from "./messages.ts"
import type { ServedRuntime } from "./served.ts"

type Answer = Success<"Samples">
type Sample = Answer["samples"][number]
type Reading = Sample["readings"][number]
type Consumer = Answer["consumers"][number]

/** Of one sample; of more consumers than that, the first. */
const maxReadings = 500

const sameReading = (a: Reading, b: Reading): boolean =>
  a.depth === b.depth &&
  a.inFlight === b.inFlight &&
  a.waiting === b.waiting &&
  a.overflow === b.overflow &&
  a.skipped === b.skipped

export class Sampler {
  readonly runtime: ServedRuntime
  readonly #keep: number
  readonly #timer: ReturnType<typeof setInterval>
  readonly #numbers = new WeakMap<object, number>()
  /** By number: of those that a kept sample reads. Written by `#sample`. */
  readonly #consumers = new Map<number, Consumer>()
  /** The last sample that reads it, by the consumer's number. Written as those are. */
  readonly #lastRead = new Map<number, number>()
  /** A reading that says the same as the one before is that one. */
  #last = new Map<number, Reading>()
  readonly #samples: Array<Sample> = []
  #taken = 0
  #consumersEver = 0

  constructor(runtime: ServedRuntime, everyMs: number, keep: number) {
    this.runtime = runtime
    this.#keep = keep
    this.#timer = setInterval(() => this.#sample(), everyMs)
    this.#sample()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  after(n: number): Answer {
    const first = this.#samples[0]?.n ?? this.#taken + 1
    const from = Math.max(0, n + 1 - first)
    const samples = this.#samples.slice(from, from + maxSamples)
    return {
      consumers: [...this.#consumers.values()],
      samples,
      missed: Math.max(0, first - 1 - n),
      more: from + samples.length < this.#samples.length
    }
  }

  #sample(): void {
    const readings = new Map<number, Reading>()
    for (const { backlog, consumer: object, instanceId } of Structure.consumersOf(this.runtime)) {
      if (readings.size === maxReadings) break
      const consumer = this.#numberOf(object)
      const { capacity, depth, inFlight, name, overflow, tags, waiting } = backlog
      const skipped = Object.values(backlog.skipped).reduce((sum, times) => sum + times, 0)
      if (this.#last.get(consumer)?.skipped !== skipped)
        this.#consumers.set(consumer, {
          consumer,
          instanceId,
          name,
          tags,
          capacity,
          skipped: { ...backlog.skipped },
          closed: false
        })
      const reading = { consumer, depth, inFlight, waiting, overflow, skipped }
      const last = this.#last.get(consumer)
      this.#lastRead.set(consumer, this.#taken + 1)
      readings.set(consumer, last !== undefined && sameReading(last, reading) ? last : reading)
    }
    for (const number of this.#last.keys()) {
      const known = this.#consumers.get(number)
      if (known !== undefined && !readings.has(number))
        this.#consumers.set(number, { ...known, closed: true })
    }
    const ingress = this.runtime.list().flatMap(({ instanceId, runtime }) => {
      const { ingress: count } = runtime.unsafe.backlog()
      return count === 0 ? [] : [{ instanceId, count }]
    })
    this.#last = readings
    this.#samples.push({ n: ++this.#taken, at: Date.now(), readings: [...readings.values()], ingress })
    if (this.#samples.length > this.#keep) this.#forget()
  }

  #forget(): void {
    this.#samples.shift()
    const first = this.#samples[0]?.n ?? 0
    for (const { closed, consumer } of this.#consumers.values()) {
      if (!closed || (this.#lastRead.get(consumer) ?? 0) >= first) continue
      this.#consumers.delete(consumer)
      this.#lastRead.delete(consumer)
    }
  }

  #numberOf(consumer: object): number {
    const number = this.#numbers.get(consumer) ?? ++this.#consumersEver
    this.#numbers.set(consumer, number)
    return number
  }
}
