/** Calls with an id of their caller's: however often one is made within the window, it runs once. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

export interface RepliesOptions {
  /** For how long after its end a call with the same id gets the same reply. Default ten minutes. */
  readonly window?: Duration.Input
  /** Replies that are kept, of each caller's ids; the oldest goes first. Default 1000. */
  readonly capacity?: number
}

interface Reply {
  readonly deferred: Deferred.Deferred<unknown, unknown>
  /** Milliseconds since 1970; undefined while it runs. Written once, at its end. */
  until: number | undefined
}

export class Replies {
  private readonly windowMs: number
  private readonly capacity: number
  private readonly of = new WeakMap<object, Map<string, Reply>>()

  constructor({ capacity = 1000, window = "10 minutes" }: RepliesOptions) {
    this.windowMs = Duration.toMillis(window)
    this.capacity = capacity
  }

  /**
   * What failed is not kept: who asks again tries again. A caller that is interrupted takes nothing from the others:
   * what runs goes on to its own end.
   */
  once<A, E, R>(owner: object, id: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.clockWith((clock) => {
      const now = () => clock.currentTimeMillisUnsafe()
      const replies = this.repliesOf(owner)
      const known = replies.get(id)
      if (known !== undefined && (known.until === undefined || now() < known.until)) {
        // What is kept under an owner's id is of this call: ids are not shared between kinds of calls.
        return Deferred.await(known.deferred as Deferred.Deferred<A, E>)
      }
      const deferred = Deferred.makeUnsafe<A, E>()
      const reply: Reply = { deferred: deferred as Deferred.Deferred<unknown, unknown>, until: undefined }
      replies.delete(id)
      replies.set(id, reply)
      const settle = (exit: Exit.Exit<A, E>) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) {
            reply.until = now() + this.windowMs
            this.evict(replies, now())
          } else if (replies.get(id) === reply) replies.delete(id)
          Deferred.doneUnsafe(deferred, exit)
        })
      return Effect.andThen(
        Effect.forkDetach(Effect.onExit(effect, settle), { startImmediately: true }),
        Deferred.await(deferred)
      )
    })
  }

  private repliesOf(owner: object): Map<string, Reply> {
    const known = this.of.get(owner)
    if (known !== undefined) return known
    const made = new Map<string, Reply>()
    this.of.set(owner, made)
    return made
  }

  /** Those that are over, and the oldest of too many. */
  private evict(replies: Map<string, Reply>, now: number): void {
    let tooMany = replies.size - this.capacity
    for (const [id, { until }] of replies) {
      if (until === undefined || (until > now && tooMany <= 0)) continue
      replies.delete(id)
      tooMany--
    }
  }
}
