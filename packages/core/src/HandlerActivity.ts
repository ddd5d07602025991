/**
 * What handlers tell of themselves, for devtools: their calls, what became of their code, and the actions that
 * nobody could compute. Kept in a ring for each runtime: lossy, and counted.
 */
import type * as Effect from "effect/Effect"
import type { AnyAction } from "./Commit.ts"

interface Told {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Its name, as in its errors. */
  readonly handler: string
  /** Undefined for a call that no instance made. */
  readonly instanceId: string | undefined
}

export interface HandlerCalled extends Told {
  readonly _tag: "Call"
  readonly kind: "init" | "send" | "request" | "child-error"
  /** Of the action, where it was one. */
  readonly action: string | undefined
  /** That action itself: the very object, by which devtools find its commit. */
  readonly dispatched?: AnyAction | undefined
  readonly outcome:
    | "ok"
    | "err"
    | "mismatch"
    | "trap"
    | "timeout"
    | "fuel"
    | "stack"
    | "memory"
    | "result-bytes"
    | "abi"
    | "unreachable"
  readonly error: string | undefined
  /** Milliseconds that the code ran, and that the call waited for its turn. */
  readonly ranMs: number
  readonly waitedMs: number
  /** Bytes of the state and the params on the way in, and of the state and the response on the way out. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** 64 KiB pages of its memory that the call changed, and all of them. */
  readonly pagesChanged: number
  readonly pages: number
  readonly fuel: number | undefined
  /** How often it was computed again because another entry came first. */
  readonly reruns: number
  readonly isolation: "inline" | "worker" | "remote"
}

export interface HandlerSnapshot extends Told {
  readonly _tag: "Snapshot"
  readonly slot: number
  readonly full: boolean
  /** Bytes written, and of the whole memory. */
  readonly bytes: number
  readonly memoryBytes: number
  readonly sha256: string
  readonly path: string
}

export interface HandlerRestarted extends Told {
  readonly _tag: "Restart"
  readonly policy: string
  /** Of those that are let happen within the window. */
  readonly attempt: number
  readonly of: number
  readonly reason: string
  readonly tookMs: number
  /** It was the last that was let happen: its parent was asked. */
  readonly escalated: boolean
}

export interface HandlerConsole extends Told {
  readonly _tag: "Console"
  readonly level: "debug" | "log" | "warn" | "error"
  readonly text: string
}

export type HandlerEvent = HandlerCalled | HandlerSnapshot | HandlerRestarted | HandlerConsole

/** An action whose handler was given up. It was not observed, and nothing was committed. */
export interface DeadLetter extends Told {
  readonly id: string
  readonly action: AnyAction
  readonly error: string
  readonly attempts: number
  /** Dispatches it once more, and not if it has committed since; it leaves the list when it commits. */
  readonly retry: Effect.Effect<void>
}

export interface Activity {
  readonly tell: (event: HandlerEvent) => void
  readonly bury: (letter: DeadLetter) => void
  /** Takes it off the list. */
  readonly unbury: (id: string) => void
  /** Oldest first. `recorded` counts all that were told, `dropped` those that are no longer kept. */
  readonly snapshot: () => {
    readonly events: ReadonlyArray<HandlerEvent>
    readonly recorded: number
    readonly dropped: number
    readonly deadLetters: ReadonlyArray<DeadLetter>
    /** Letters that were let go of since there were more than are kept: oldest first. */
    readonly lettersDropped: number
  }
  /** Told after each change; it must be quick. Returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void
}

/** Events that are kept for each runtime, and as many dead letters. */
export const capacity = 1000

const made = new WeakMap<object, Activity>()

/** That of a runtime, by the object that its instances share: `host` of a handler's entry. */
export const of = (host: object): Activity => {
  const known = made.get(host)
  if (known !== undefined) return known
  const activity = make()
  made.set(host, activity)
  return activity
}

const make = (): Activity => {
  let events: Array<HandlerEvent> = []
  let recorded = 0
  let lettersDropped = 0
  const letters = new Map<string, DeadLetter>()
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  return {
    tell: (event) => {
      recorded++
      events.push(event)
      // Cut now and then, not one at a time.
      if (events.length >= 2 * capacity) events = events.slice(-capacity)
      changed()
    },
    bury: (letter) => {
      letters.set(letter.id, letter)
      const [oldest] = letters.keys()
      if (letters.size > capacity && oldest !== undefined) {
        letters.delete(oldest)
        lettersDropped++
      }
      changed()
    },
    unbury: (id) => {
      if (letters.delete(id)) changed()
    },
    snapshot: () => {
      const kept = events.slice(-capacity)
      const dropped = recorded - kept.length
      return { events: kept, recorded, dropped, deadLetters: [...letters.values()], lettersDropped }
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}
