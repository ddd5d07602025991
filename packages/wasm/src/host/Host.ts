/** Where a handler's machines run, as its calls see it. */
import type { Delta, Image } from "../Image.ts"
import type { Call, CallKind, ConsoleLine, LoadOptions, Program, ProgramSource } from "../Machine.ts"
import { apply, between, empty } from "../memory/Delta.ts"
import type { Pinned } from "../Recordable.ts"
import type { Step, Stepped } from "./Step.ts"
import { Units } from "./Units.ts"

export interface Job {
  readonly unit: number
  readonly call: Call
  readonly granted: Pinned
  /** What its memory is to be when the call begins; `Host.fresh` for what its code begins with. */
  readonly image: Image
  /** Told at once of each line that it writes. */
  readonly line: (line: ConsoleLine) => void
}

export interface Ran extends Pick<Stepped, "returned" | "ranMs" | "pages" | "fuel"> {
  /** The memory after the call, if it gave a state; where none is kept, the one it was given. */
  readonly image: Image
  readonly pagesChanged: number
  readonly waitedMs: number
}

export interface HostOptions {
  readonly source: ProgramSource
  readonly load: LoadOptions
}

export interface Loaded {
  readonly sha256: string
  readonly kinds: ReadonlySet<CallKind>
  readonly fresh: Image
}

/** Machines that one thread keeps: the memory of others is brought back when they are called again. */
const maxUnits = 64

/** What memory each unit's machine has, in one thread. */
export class Places {
  readonly fresh: Image
  private readonly keeps: boolean
  /** The least lately used first. Written by `step` and `after`. */
  private readonly at = new Map<number, Image>()

  /** The most lately used. Written by `step`, and by `after` where it is forgotten. */
  private last: number | undefined

  /** `fresh` is the same image for all threads that a handler ever has. */
  constructor(module: string, memory: LoadOptions["memory"], fresh = empty(module)) {
    this.fresh = fresh
    this.keeps = memory === "image"
  }

  step({ call, granted, image, unit }: Job): Step {
    const seen = this.at.get(unit) ?? this.fresh
    const restore = this.keeps && seen !== image ? between(seen, image) : undefined
    // One that is called again and again is the last already.
    if (unit !== this.last || restore !== undefined) {
      this.at.delete(unit)
      this.at.set(unit, restore === undefined ? seen : image)
      this.last = unit
    }
    return { unit, call, granted, restore, forget: this.at.size > maxUnits ? this.forget() : nobody }
  }

  private forget(): ReadonlyArray<number> {
    const gone = [...this.at.keys()].slice(0, this.at.size - maxUnits)
    for (const unit of gone) this.at.delete(unit)
    return gone
  }

  after({ image: before, unit }: Job, stepped: Stepped, waitedMs: number): Ran {
    const { delta, fuel, pages, ranMs, returned } = stepped
    const image = delta === undefined ? before : apply(before, delta)
    if (delta !== undefined) this.at.set(unit, image)
    else if (returned._tag === "Fault") {
      this.at.delete(unit)
      this.last = undefined
    }
    return { returned, ranMs, pages, fuel, image, pagesChanged: pagesIn(delta), waitedMs }
  }
}

const nobody: ReadonlyArray<number> = []

const pagesIn = (delta: Delta | undefined): number =>
  delta === undefined ? 0 : delta.parts.reduce((sum, { changed }) => sum + changed.length, 0)

export interface InlineHost extends Loaded {
  readonly run: (job: Job) => Ran
}

/** In the caller's own thread, synchronously. */
export const inline = (program: Program, load: LoadOptions): InlineHost => {
  let running: Job | undefined
  const units = new Units(program, load, (line) => running?.line(line))
  const places = new Places(program.sha256, load.memory)
  return {
    sha256: program.sha256,
    kinds: program.kinds,
    fresh: places.fresh,
    run: (job) => {
      running = job
      return places.after(job, units.step(places.step(job)), 0)
    }
  }
}
