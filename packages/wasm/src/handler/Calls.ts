/** What can be asked of a handler. */
import type { ModuleHandle } from "@sluice/core"
import type { AnyAction } from "@sluice/core/Commit"
import { HandlerConflict, HandlerFailed, ReducerFailed } from "@sluice/core/Errors"
import * as Handled from "@sluice/core/Handled"
import * as Effect from "effect/Effect"
import { type CallError, HandlerError, HandlerFault, HandlerMismatch } from "../Errors.ts"
import type { CallKind } from "../Machine.ts"
import type { Called, Live } from "./Live.ts"
import type { AnyOptions } from "./Options.ts"
import { Responses } from "./Port.ts"
import { Replies } from "./Replies.ts"
import type { Caller } from "./Teller.ts"

/** What a request gives: the state goes where its caller puts it. */
export interface Reply<S, R> {
  readonly state: S
  readonly response: R
}

export interface RequestOptions {
  /**
   * Of the caller's choice: within the window of `replies` the same id runs once, and gets equal replies. Of an instance
   * for its own requests, and else of the runtime. Do not infer that state or params are looked at: another request must
   * have another id.
   */
  readonly id?: string
}

/** The tags of a module's actions whose payload a handler takes. */
export type TagsFor<A, P> = { readonly [Tag in keyof A & string]: A[Tag] extends P ? Tag : never }[keyof A &
  string]

/** Requests that are entries of one instance. */
export interface On<A, P, R> {
  /**
   * Dispatches the action and gives what its handler answered, once it is committed. The handler of the action is to
   * be this one. Fails with what the call fails with, and with HandlerConflict where the order is optimistic.
   */
  readonly request: <Tag extends TagsFor<A, P>>(
    tag: Tag,
    ...args: [A[Tag]] extends [void]
      ? [payload?: undefined, options?: RequestOptions]
      : [payload: A[Tag], options?: RequestOptions]
  ) => Effect.Effect<R, CallError | HandlerConflict>
}

/** `S` its state, `P` its params, `R` its response, `N` what its calls need: nothing, once it is loaded. */
export interface Calls<in out S, in out P, out R, out N> {
  readonly name: string
  /** The call by which something begins. Commits nothing. */
  readonly init: (state: S | null, params: P) => Effect.Effect<S, CallError, N>
  /** Computes a state, and commits nothing. */
  readonly send: (state: S, params: P) => Effect.Effect<S, CallError, N>
  /** Computes a state and a response, and commits nothing. */
  readonly request: (
    state: S,
    params: P,
    options?: RequestOptions
  ) => Effect.Effect<Reply<S, R>, CallError, N>
  readonly on: <A>(instance: ModuleHandle<S, A>) => On<A, P, R>
  /** What it answered to an action that was committed, for logic that is given it. Undefined where it did not. */
  readonly responseTo: (action: AnyAction) => R | undefined
}

export const callsOf = <S, P, R, N>(
  { name, replies: repliesOptions = {} }: AnyOptions,
  find: Effect.Effect<Live<S, P, R>, never, N>
): { readonly calls: Calls<S, P, R, N>; readonly responses: Responses } => {
  const call = (kind: CallKind, state: S | null, params: P): Effect.Effect<Called<S, R>, CallError, N> =>
    Effect.flatMap(find, (live) =>
      Effect.withFiber((fiber) => {
        const caller: Caller = {
          instance: undefined,
          host: Handled.hostIn(fiber.context),
          action: undefined,
          reruns: 0
        }
        return live.call(kind, state, params, caller)
      })
    )
  const stateOf = (called: Effect.Effect<Called<S, R>, CallError, N>) =>
    Effect.map(called, ({ state }) => state)
  const responses = new Responses()
  const replies = new Replies(repliesOptions)
  const once = <A, E, R2>(id: string | undefined, owner: object, effect: Effect.Effect<A, E, R2>) =>
    id === undefined ? effect : replies.once(owner, id, effect)
  const calls: Calls<S, P, R, N> = {
    name,
    init: (state, params) => stateOf(call("init", state, params)),
    send: (state, params) => stateOf(call("send", state, params)),
    request: (state, params, { id } = {}) =>
      // Runtimes do not share ids: one may serve another user. A request has a response of its schema; without one, `R` is `void`.
      Effect.withFiber(({ context }) =>
        once(id, Handled.hostIn(context) ?? replies, call("request", state, params))
      ) as Effect.Effect<Reply<S, R>, CallError, N>,
    on: (face) => {
      const instance = Handled.instanceOf(face)
      return {
        request: (tag: string, payload?: unknown, { id }: RequestOptions = {}) => {
          const entry = Effect.suspend(() => {
            const action = payload === undefined ? { _tag: tag } : { _tag: tag, payload }
            responses.want(action)
            return Effect.flatMap(Effect.catchDefect(instance.dispatch(action), callErrorOf), () => {
              const given = responses.take(action)
              if (given !== undefined) return Effect.succeed(given.response as R)
              return Effect.die(new TypeError(`${tag} of ${instance.instanceId} is not computed by ${name}.`))
            })
          })
          return once(id, instance, entry)
        }
      }
    },
    responseTo: (action) => responses.take(action)?.response as R | undefined
  }
  return { calls, responses }
}

/** What an entry dies with, where it is what a call failed with. */
const callErrorOf = (defect: unknown): Effect.Effect<never, CallError | HandlerConflict> => {
  if (defect instanceof HandlerConflict) return Effect.fail(defect)
  const cause = defect instanceof HandlerFailed || defect instanceof ReducerFailed ? defect.cause : undefined
  return cause instanceof HandlerMismatch || cause instanceof HandlerError || cause instanceof HandlerFault
    ? Effect.fail(cause)
    : Effect.die(defect)
}
