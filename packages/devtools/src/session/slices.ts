/** Long work in steps, so that whoever does it can do something else in between. */
import * as Effect from "effect/Effect"

export interface Progress {
  readonly done: number
  readonly of: number
}

/** Says how far it is, again and again, and then what has come of it. */
export type Steps<A> = Generator<Progress, A, void>

/** All of them at once. Throws what they throw. */
export const allSteps = <A>(steps: Steps<A>): A => {
  for (;;) {
    const next = steps.next()
    if (next.done === true) return next.value
  }
}

/** As a part of longer work: from one share of all of it to another, of 0 to 1. So that progress never goes back. */
export function* share<A>(steps: Steps<A>, from: number, to: number): Steps<A> {
  for (;;) {
    const next = steps.next()
    if (next.done === true) return next.value
    const { done, of } = next.value
    yield { done: Math.floor(of * from + done * (to - from)), of }
  }
}

export interface SliceOptions {
  /** The most milliseconds that it takes before others have their turn. Default 8. */
  readonly budgetMs?: number
  /** Told after each slice but the last. */
  readonly onProgress?: (progress: Progress) => void
}

/** Dies with what they throw. Interrupted, it does no more. */
export const inSlices = <A>(
  begin: () => Steps<A>,
  { budgetMs = 8, onProgress }: SliceOptions = {}
): Effect.Effect<A> =>
  Effect.callback<A>((resume) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let steps: Steps<A> | undefined
    const slice = (): void => {
      const end = performance.now() + budgetMs
      try {
        steps ??= begin()
        for (;;) {
          const next = steps.next()
          if (next.done === true) return resume(Effect.succeed(next.value))
          if (performance.now() < end) continue
          timer = setTimeout(slice)
          return onProgress?.(next.value)
        }
      } catch (error) {
        clearTimeout(timer)
        resume(Effect.die(error))
      }
    }
    slice()
    return Effect.sync(() => clearTimeout(timer))
  })
