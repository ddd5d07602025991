/** One instance of `secretive` without a runtime: calls on a machine, recorded as they are made. */
import * as Effect from "effect/Effect"
import { Errors, type Call, type Image, type Program } from "@sluice/wasm"
import { apply, empty } from "@sluice/wasm/memory/Delta"
import { hashOf } from "@sluice/wasm/memory/Hash"
import { track } from "@sluice/wasm/memory/Tracker"
import type { CallRecord, Pinned } from "@sluice/wasm/Recordable"
import { Journal, type JournalOptions, type Taken } from "@sluice/wasm/recovery/Journal"
import type { Runner } from "@sluice/wasm/recovery/Read"
import type { Slots } from "@sluice/wasm/recovery/Slots"
import { Fault, type Grants } from "@sluice/wasm/Machine"
import { bytesOf, loadFixture, valueOf } from "./core.ts"

export interface Doing {
  readonly do: "add" | "trap" | "refuse" | "draw" | "grow" | "reveal"
  readonly by?: number
}

export interface State {
  readonly count: number
}

const unused: Grants = { console: () => {} }

/** Draws from the seed. */
const randomOf = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

const grantsOf = ({ clock, seed }: Pinned): Grants => ({
  ...unused,
  clock: () => clock ?? 0,
  random: randomOf(seed ?? 0)
})

export const loadSecretive = () => loadFixture("secretive", { imports: ["clock", "random"] })

/** Each call on a fresh machine. */
export const onFresh = (program: Program, call: Call, image: Image | undefined, granted: Pinned) => {
  const machine = program.instantiate(grantsOf(granted))
  const tracker = track(machine, program.sha256, image)
  const returned = machine.call(call)
  const delta = tracker.changes()
  return { returned, image: apply(image ?? empty(program.sha256), delta) }
}

export const runnerOn = (program: Program): Runner => ({
  sha256: program.sha256,
  normal: (state) => bytesOf(valueOf(state)),
  run: (call, image, granted) =>
    Effect.try({
      try: () => onFresh(program, call, image, granted),
      catch: (error) =>
        new Errors.HandlerFault({
          handler: "secretive",
          kind: error instanceof Fault ? error.kind : "trap",
          detail: String(error),
          at: undefined
        })
    })
})

/** What a call finds in the code's memory, and leaves as it is. */
export const reveal = (program: Program, state: string, image: Image | undefined): unknown => {
  const params = bytesOf({ do: "reveal", by: 0 })
  const granted = { clock: undefined, seed: undefined }
  const call: Call = { kind: "request", state: new TextEncoder().encode(state), params }
  const { returned } = onFresh(program, call, image, granted)
  return returned._tag === "Ok" ? valueOf(returned.response) : returned
}

export const everyTen: JournalOptions = { snapshotEvery: 10, fullEvery: 3, version: 1, derives: false }

export class Recording {
  readonly journal: Journal<State>
  readonly taken: Array<Taken> = []
  /** By slot: what it was, kept apart from all that is tested. */
  readonly kept: Array<{ readonly state: State; readonly image: Image }> = []
  private readonly program: Program
  private state: State | null = null
  private image: Image | undefined

  constructor(program: Program, slots: Slots, options: JournalOptions = everyTen) {
    this.program = program
    const handler = { sha256: program.sha256, encode: bytesOf }
    this.journal = new Journal(slots, handler, options, undefined, (taken) => this.taken.push(taken))
  }

  act(doing: Doing): CallRecord["outcome"] {
    const n = this.kept.length
    const granted = { clock: 1_700_000_000_000 + n * 1000, seed: n * 2_654_435_761 }
    const params = bytesOf(doing)
    const kind = this.state === null ? "init" : doing.do === "reveal" ? "request" : "send"
    const record = { kind, action: doing.do, params, granted } as const
    const state = this.state === null ? null : bytesOf(this.state)
    const fail = (outcome: CallRecord["outcome"], error: string) => {
      this.journal.failed({ ...record, outcome, error })
      this.keep()
      return outcome
    }
    try {
      const { image, returned } = onFresh(this.program, { kind, state, params }, this.image, granted)
      if (returned._tag === "Err") return fail("err", returned.error)
      this.state = valueOf(returned.state) as State
      this.image = image
      this.journal.called({ ...record, outcome: "ok", error: undefined }, this.state, image)
      this.keep()
      return "ok"
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return fail(error.kind, error.message)
    }
  }

  /** As an entry that no call made. */
  put(state: State): void {
    this.state = state
    this.journal.committed("test", state, this.image)
    this.keep()
  }

  async expected(slot: number) {
    const kept = this.kept[slot]
    if (kept === undefined) throw new Error(`There is no slot ${slot}`)
    return { slot, state: JSON.stringify(kept.state), memory: await hashOf(kept.image) }
  }

  private keep(): void {
    if (this.state === null || this.image === undefined) throw new Error("Its first call failed")
    this.kept.push({ state: this.state, image: this.image })
  }
}

/** Always the same: of all kinds, and growing to 40 pages. */
export const script = (n: number): Doing => {
  if (n % 97 === 96) return { do: "trap", by: n }
  if (n % 61 === 60) return { do: "refuse", by: n }
  if (n % 29 === 28) return { do: "draw" }
  if (n % 200 === 150) return { do: "grow", by: 4 + Math.floor(n / 200) * 9 }
  return { do: "add", by: (n * 7919) % 1000 }
}
