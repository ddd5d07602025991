/** What recovery fails with: what is stored cannot be used, or does not lead to what was recorded. */
import * as Data from "effect/Data"

/** A stored record is torn, changed, or none of these. */
export class BrokenRecord extends Data.TaggedError("BrokenRecord")<{
  readonly path: string
  readonly reason: string
}> {
  override get message() {
    return `What is stored at ${this.path} was not used: ${this.reason}. Recovery goes on from the last good record before it; remove it, or put the whole one back.`
  }
}

interface OfSlot {
  readonly handler: string
  readonly instance: string
  readonly slot: number
}

/** What is stored does not lead to the slot. */
export class SlotUnreadable extends Data.TaggedError("SlotUnreadable")<
  OfSlot & {
    /** The last slot before it that can be read; undefined if there is none. */
    readonly reached: number | undefined
    readonly broken: ReadonlyArray<BrokenRecord>
    readonly reason: string
  }
> {
  override get message() {
    const reached =
      this.reached === undefined
        ? "no slot before it can be read"
        : `the last before it that can be read is ${this.reached}`
    const broken =
      this.broken.length === 0 ? "" : ` (broken: ${this.broken.map(({ path }) => path).join(", ")})`
    return `Slot ${this.slot} of ${this.instance} (${this.handler}) cannot be read: ${this.reason}${broken}; ${reached}. Read that one, or put the records back.`
  }
}

/** The recorded calls, made again, gave something else. */
export class ReplayDiverged extends Data.TaggedError("ReplayDiverged")<
  OfSlot & {
    readonly what: "outcome" | "state" | "memory"
    readonly expected: string
    readonly actual: string
  }
> {
  override get message() {
    return `Replay of slot ${this.slot} of ${this.instance} gave another ${this.what} than was recorded: ${this.actual}, not ${this.expected}. The code of ${this.handler} is not the same or not deterministic; read a slot that has a snapshot.`
  }
}
