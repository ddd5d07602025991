/** A loaded handler as core's port sees it: in the place of a reducer. */
import type { AnyAction } from "@sluice/core/Commit"
import { HandlerConflict, HandlerFailed } from "@sluice/core/Errors"
import type { HandledInstance, InlineHandler, OutsideEntry, OutsideHandler } from "@sluice/core/Handler"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Effect from "effect/Effect"
import type { CallError } from "../Errors.ts"
import { baseOf, supervise } from "../Escalation.ts"
import type { Loaded } from "../host/Host.ts"
import type { CallKind } from "../Machine.ts"
import { rebase } from "../Recordable.ts"
import { type Policy, Restarts } from "../Restarts.ts"
import type { Live } from "./Live.ts"
import type { Caller } from "./Teller.ts"

/** Of actions, what their handlers answered; and which of them want an answer. */
export class Responses {
  private readonly wanting = new WeakSet<AnyAction>()
  private readonly given = new WeakMap<AnyAction, { readonly response: unknown }>()

  want(action: AnyAction): void {
    this.wanting.add(action)
  }

  /** The code's own way to answer, or the one that is there. */
  kindOf(action: AnyAction, { kinds }: Loaded): "send" | "request" {
    const answers = this.wanting.has(action) || !kinds.has("send")
    return answers && kinds.has("request") ? "request" : "send"
  }

  give(action: AnyAction, response: unknown): void {
    this.given.set(action, { response })
  }

  take(action: AnyAction): { readonly response: unknown } | undefined {
    return this.given.get(action)
  }
}

/** Which way into the code computes the action. */
export type KindOf = (action: AnyAction, loaded: Loaded) => CallKind

const callerOf = (instance: HandledInstance, action: AnyAction | undefined, reruns: number): Caller => ({
  instance,
  host: instance.host,
  action,
  reruns
})

/** Of every runtime's: which of them the instance is of, what they keep says. */
const carrying =
  <S, P, R>(known: () => Iterable<Live<S, P, R>>) =>
  (from: S, to: S, instance: HandledInstance): void => {
    for (const live of known()) live.memories.carry(from, to, instance)
  }

/** `begins`: it is loaded before there are instances, which are made at once. */
export const inlinePort = <S, P, R>(
  live: () => Live<S, P, R>,
  known: () => Iterable<Live<S, P, R>>,
  begins: boolean,
  kindOf: KindOf,
  responses: Responses
): InlineHandler<S, P> =>
  HandlerPort.inline({
    compute: (state, payload, action, instance) => {
      const loaded = live()
      const kind = kindOf(action, loaded.loaded)
      const called = loaded.callSync(kind, state, payload, callerOf(instance, action, 0))
      responses.give(action, called.response)
      return called.state
    },
    ...(begins && {
      begin: (initial, instance) => {
        const loaded = live()
        if (!loaded.loaded.kinds.has("init")) return initial
        return loaded.callSync("init", null, loaded.initWith, callerOf(instance, undefined, 0)).state
      }
    }),
    carry: carrying(known)
  })

export const outsidePort = <S, P, R, N>(
  options: { readonly order: "serial" | "optimistic"; readonly attempts: number; readonly begins: boolean },
  find: Effect.Effect<Live<S, P, R>, never, N>,
  known: () => Iterable<Live<S, P, R>>,
  kindOf: KindOf,
  responses: Responses
): OutsideHandler<S, P, N> =>
  HandlerPort.outside({
    order: options.order,
    enter: (entry, payload) =>
      Effect.flatMap(find, (live) => entering(live, entry, payload, options.attempts, kindOf, responses)),
    ...(options.begins && {
      begin: (entry) =>
        Effect.flatMap(find, (live) => {
          if (!live.loaded.kinds.has("init")) return Effect.void
          return live.call("init", null, live.initWith, callerOf(entry.instance, undefined, 0)).pipe(
            Effect.matchEffect({
              onFailure: (error) => failing(entry, error),
              onSuccess: ({ state }) => Effect.asVoid(entry.commit(entry.state(), state))
            })
          )
        })
    }),
    carry: carrying(known)
  })

/** Of each instance that a handler's code runs for: they count its faults together. */
const restartsOf = <S, P, R>({ options, restarts }: Live<S, P, R>, instance: HandledInstance) => {
  if (options.restart === undefined) return undefined
  const known = restarts.get(instance) ?? new Restarts(options.restart)
  restarts.set(instance, known)
  return known
}

const entering = <S, P, R>(
  live: Live<S, P, R>,
  entry: OutsideEntry<S>,
  payload: P,
  attempts: number,
  kindOf: KindOf,
  responses: Responses
): Effect.Effect<void> => {
  const { action, instance } = entry
  const { name: handler, parent } = live.options
  const kind = kindOf(action, live.loaded)
  const attempt = (policy: Policy | undefined, n: number): Effect.Effect<void, CallError> =>
    Effect.suspend(() => {
      if (n > attempts) {
        const { instanceId } = entry
        return entry.fail(new HandlerConflict({ instanceId, entry: entry.entry, tag: action._tag, attempts }))
      }
      const seen = entry.state()
      return Effect.flatMap(baseOf(policy, handler, entry), (base) =>
        Effect.flatMap(
          live.call(kind, base, payload, callerOf(instance, action, n - 1)),
          ({ response, state }) => {
            const call = base === seen ? undefined : live.callOf(state)
            if (call !== undefined) rebase(call)
            // Only once it is committed does anyone ask for it.
            responses.give(action, response)
            return Effect.flatMap(entry.commit(seen, state), (done) =>
              done ? Effect.void : attempt(policy, n + 1)
            )
          }
        )
      )
    })
  const supervised = { handler, entry, restarts: restartsOf(live, instance), parent }
  return Effect.matchEffect(
    supervise(supervised, (policy) => attempt(policy, 1)),
    { onFailure: (error) => failing(entry, error), onSuccess: Effect.succeed }
  )
}

const failing = <S>(
  { action, entry, fail, instanceId }: OutsideEntry<S>,
  cause: CallError
): Effect.Effect<never> => fail(new HandlerFailed({ instanceId, entry, tag: action._tag, cause }))
