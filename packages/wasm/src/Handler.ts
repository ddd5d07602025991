/** Transitions and answers that are computed by code which is not the app's own. */
import type { Module, ModuleHandle } from "@sluice/core"
import type { AnyAction } from "@sluice/core/Commit"
import { HandlerConflict, HandlerFailed, ReducerFailed } from "@sluice/core/Errors"
import type { InlineHandler, OutsideHandler } from "@sluice/core/Handler"
import * as Handled from "@sluice/core/Handled"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type CallError, HandlerError, HandlerFault, HandlerMismatch, type LoadError } from "./Errors.ts"
import type { Called, Caller, Live } from "./handler/Live.ts"
import * as Loading from "./handler/load.ts"
import type { AnyOptions, Isolation, Options, Sourced } from "./handler/Options.ts"
import { inlinePort, outsidePort, Responses } from "./handler/Port.ts"
import type { CallKind } from "./Machine.ts"
import type { Recordable } from "./Recordable.ts"

export type { Import, Isolation, Options, Sourced } from "./handler/Options.ts"
export type { RepliesOptions } from "./handler/Replies.ts"

/** What a request gives: the state goes where its caller puts it. */
export interface Reply<S, R> {
  readonly state: S
  readonly response: R
}

export interface RequestOptions {
  /** Of the caller's choice: within the window of `replies` the same id runs once, and gets equal replies. */
  readonly id?: string
}

/** The tags of a module's actions whose payload a handler takes. */
export type TagsFor<A, P> = { readonly [Tag in keyof A & string]: A[Tag] extends P ? Tag : never }[keyof A &
  string]

/** Requests that are entries of one instance. */
export interface On<A, P, R, N> {
  /**
   * Dispatches the action and gives what its handler answered, once it is committed. The handler of the action is to
   * be this one. Fails with what the call fails with, and with HandlerConflict where the order is optimistic.
   */
  readonly request: <Tag extends TagsFor<A, P>>(
    tag: Tag,
    ...args: [A[Tag]] extends [void]
      ? [payload?: undefined, options?: RequestOptions]
      : [payload: A[Tag], options?: RequestOptions]
  ) => Effect.Effect<R, CallError | HandlerConflict, N>
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
  readonly on: <A>(instance: ModuleHandle<S, A>) => On<A, P, R, N>
  /** What it answered to an action that was committed, for logic that is given it. Undefined where it did not. */
  readonly responseTo: (action: AnyAction) => R | undefined
}

/** In `implement({ handlers })` it computes its action's transition. `Where` says whether within the window. */
export type Handler<S, P, R, Where extends Isolation = "worker", N = never> = Calls<S, P, R, N> &
  (Where extends "inline" ? InlineHandler<S, P> : OutsideHandler<S, P, N>)

/** One that is loaded, and that recovery can record. */
export type Loaded<S, P, R, Where extends Isolation = "worker"> = Handler<S, P, R, Where> & Recordable<S>

type HandlerOf<
  State extends Module.AnySchema,
  Params extends Module.AnySchema,
  Response extends Module.AnySchema,
  Where extends Isolation
> = Loaded<Module.TypeOf<State>, Module.TypeOf<Params>, Module.TypeOf<Response>, Where>

/**
 * Loads the code: fetched, its hash held against the declared one, checked, compiled, and in a worker. Ends with the
 * scope.
 */
export const make = <
  State extends Module.AnySchema,
  Params extends Module.AnySchema,
  Response extends Module.AnySchema,
  const Where extends Isolation = "worker"
>(
  options: Options<State, Params, Response, Where> & Sourced
): Effect.Effect<HandlerOf<State, Params, Response, Where>, LoadError, Scope.Scope> => {
  type S = Module.TypeOf<State>
  type P = Module.TypeOf<Params>
  type R = Module.TypeOf<Response>
  return Effect.map(Loading.load<S, P, R>(anyOf(options)), (live) => {
    const calls = callsOf(options.name, Effect.succeed(live), new Responses())
    const port = portOf(
      anyOf(options),
      Effect.succeed(live),
      () => live,
      () => [live],
      calls.responses
    )
    // Which of the two ports it is, the isolation says.
    return { ...calls.calls, ...port, ...recordableOf(live) } as unknown as HandlerOf<
      State,
      Params,
      Response,
      Where
    >
  })
}

/** The declared schemas' types are in the types of what is made. */
const anyOf = (options: object): AnyOptions => options as AnyOptions

const portOf = <S, P, R, N>(
  options: AnyOptions,
  find: Effect.Effect<Live<S, P, R>, never, N>,
  inlineLive: () => Live<S, P, R>,
  known: () => Iterable<Live<S, P, R>>,
  responses: Responses
): InlineHandler<S, P> | OutsideHandler<S, P, N> =>
  options.isolation === "inline"
    ? inlinePort(inlineLive, responses)
    : outsidePort(
        { order: options.order ?? "serial", attempts: options.attempts ?? 10 },
        find,
        known,
        responses
      )

const callsOf = <S, P, R, N>(
  name: string,
  find: Effect.Effect<Live<S, P, R>, never, N>,
  responses: Responses
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
  const once = <A, E>(id: string | undefined, owner: object | undefined, effect: Effect.Effect<A, E, N>) =>
    id === undefined ? effect : Effect.flatMap(find, (live) => live.replies.once(owner ?? live, id, effect))
  const calls: Calls<S, P, R, N> = {
    name,
    init: (state, params) => stateOf(call("init", state, params)),
    send: (state, params) => stateOf(call("send", state, params)),
    request: (state, params, { id } = {}) =>
      // A request has a response of its schema; without one, `R` is `void`.
      once(id, undefined, call("request", state, params)) as Effect.Effect<Reply<S, R>, CallError, N>,
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

const recordableOf = <S, P, R>(live: Live<S, P, R>): Recordable<S> => ({
  name: live.options.name,
  sha256: live.loaded.sha256,
  memoryOf: live.memoryOf,
  remember: live.put,
  callOf: live.callOf,
  onFailed: live.onFailed,
  encode: live.encode,
  decode: live.decode,
  run: live.run
})

// ---------------------------------------------------------------------------------------------------------
// Declared where no scope is

/** That the handler of this name is loaded. */
export interface IsLoaded<Name extends string> {
  readonly "~sluice/Handler": Name
}

/** A handler that is a value of its file; `layer` loads it, for `imports` or a runtime's `layer`. */
export type Defined<
  Name extends string,
  State extends Module.AnySchema,
  Params extends Module.AnySchema,
  Response extends Module.AnySchema,
  Where extends Isolation
> = Handler<Module.TypeOf<State>, Module.TypeOf<Params>, Module.TypeOf<Response>, Where, IsLoaded<Name>> & {
  readonly layer: Layer.Layer<IsLoaded<Name>, LoadError>
  /** As `make` gives it, where the layer is there. */
  readonly loaded: Effect.Effect<Recordable<Module.TypeOf<State>>, never, IsLoaded<Name>>
}

export const define = <
  const Name extends string,
  State extends Module.AnySchema,
  Params extends Module.AnySchema,
  Response extends Module.AnySchema,
  const Where extends Isolation = "worker"
>(
  options: Options<State, Params, Response, Where> & Sourced & { readonly name: Name }
): Defined<Name, State, Params, Response, Where> => {
  type S = Module.TypeOf<State>
  type P = Module.TypeOf<Params>
  type R = Module.TypeOf<Response>
  const service = Context.Service<IsLoaded<Name>, Live<S, P, R>>(`@sluice/wasm/handler/${options.name}`)
  /** Of each runtime whose layer is built. The newest last. */
  const all = new Set<Live<S, P, R>>()
  const newest = (): Live<S, P, R> => {
    const live = [...all].at(-1)
    if (live !== undefined) return live
    throw new TypeError(`${options.name} is not loaded: put its layer into the imports of the module.`)
  }
  const layer = Layer.effect(
    service,
    Effect.acquireRelease(
      Effect.tap(Loading.load<S, P, R>(anyOf(options)), (live) => Effect.sync(() => all.add(live))),
      (live) => Effect.sync(() => all.delete(live))
    )
  )
  const find = Effect.service(service)
  const { calls, responses } = callsOf(options.name, find, new Responses())
  const port = portOf(anyOf(options), find, newest, () => all, responses)
  return {
    ...calls,
    ...port,
    layer,
    loaded: Effect.map(find, (live) => recordableOf(live))
  } as unknown as Defined<Name, State, Params, Response, Where>
}
