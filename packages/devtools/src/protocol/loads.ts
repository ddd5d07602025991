/** When sources loaded, as the commits tell it: a source's field is waiting from one of them to another. */
import type { Commit } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import type { Row } from "./messages.ts"

type Result = AsyncResult.AsyncResult<unknown, unknown>
type Ending = "success" | "failure" | "interrupted"

/** Written by `Loads`. */
interface Load {
  readonly field: string
  /** Epoch milliseconds; unknown where it began before what is kept. */
  readonly from: number | undefined
  until: number | undefined
  outcome: Ending | undefined
}

const endingOf = (result: Result): Ending => {
  if (AsyncResult.isSuccess(result)) return "success"
  // Where the key is gone, nothing is waited for any more.
  return AsyncResult.isFailure(result) && !Cause.hasInterruptsOnly(result.cause) ? "failure" : "interrupted"
}

const resultAt = (state: unknown, field: string): Result | undefined => {
  const value: unknown = typeof state === "object" && state !== null ? Reflect.get(state, field) : undefined
  return AsyncResult.isAsyncResult(value) ? value : undefined
}

export class Loads {
  /** Those fields of a module's states that hold what sources load. Written by `#fieldsOf`. */
  readonly #fields = new Map<string, ReadonlyArray<string>>()
  /** By instance and field. Written by `take`. */
  readonly #running = new Map<string, Load>()
  /** By the `seq` of the commit. Written by `take` and `trim`. */
  readonly #begun = new Map<number, Array<Load>>()
  readonly #ended = new Map<number, Array<Load>>()

  /** Commits are given in their order. */
  take({ instanceId, moduleId, next, origin, previous, seq, startedAt }: Commit.Commit): void {
    // Travel shows results of other moments.
    if (origin.kind === "devtools") return
    for (const field of this.#fieldsOf(moduleId, next)) {
      const before = resultAt(previous, field)
      const after = resultAt(next, field)
      if (after === undefined || before === after) continue
      const key = `${instanceId} ${field}`
      const running =
        this.#running.get(key) ??
        (before?.waiting === true
          ? { field, from: undefined, until: undefined, outcome: undefined }
          : undefined)
      if (running !== undefined) {
        running.until = startedAt
        // Of another key, where it goes on waiting.
        running.outcome = after.waiting ? "interrupted" : endingOf(after)
        this.#running.delete(key)
        push(this.#ended, seq, running)
      }
      if (!after.waiting) continue
      const load: Load = { field, from: startedAt, until: undefined, outcome: undefined }
      this.#running.set(key, load)
      push(this.#begun, seq, load)
    }
  }

  #fieldsOf(moduleId: string, state: unknown): ReadonlyArray<string> {
    const known = this.#fields.get(moduleId)
    if (known !== undefined) return known
    const fields =
      typeof state === "object" && state !== null
        ? Object.keys(state).filter((field) => resultAt(state, field) !== undefined)
        : []
    this.#fields.set(moduleId, fields)
    return fields
  }

  /** Those that this commit ended, then those that it began. */
  of(seq: number): Row["loads"] {
    const begun = this.#begun.get(seq)
    const ended = this.#ended.get(seq)
    if (begun === undefined && ended === undefined) return undefined
    const told = (load: Load, phase: "begins" | "ends") => ({
      field: load.field,
      phase,
      outcome: load.outcome ?? ("running" as const),
      ...(load.from === undefined || load.until === undefined
        ? {}
        : { ms: Math.max(0, load.until - load.from) })
    })
    return [
      ...(ended ?? []).map((load) => told(load, "ends")),
      ...(begun ?? []).map((load) => told(load, "begins"))
    ]
  }

  /** What is before this commit is not asked for any more. */
  trim(seq: number): void {
    for (const map of [this.#begun, this.#ended]) {
      for (const key of map.keys()) {
        if (key >= seq) break
        map.delete(key)
      }
    }
  }

  clear(): void {
    this.#running.clear()
    this.#begun.clear()
    this.#ended.clear()
  }
}

const push = (map: Map<number, Array<Load>>, seq: number, load: Load): void => {
  const loads = map.get(seq)
  if (loads === undefined) map.set(seq, [load])
  else loads.push(load)
}
