/** Transitions and answers that are computed by code which is not the app's own. */
import type { Module } from "@sluice/core"
import type { InlineHandler, OutsideHandler } from "@sluice/core/Handler"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { LoadError } from "./Errors.ts"
import type { ChildError } from "./Escalation.ts"
import { type Calls, callsOf } from "./handler/Calls.ts"
import type { Live } from "./handler/Live.ts"
import * as Loading from "./handler/load.ts"
import type { AnyOptions, Isolation, Options, Sourced } from "./handler/Options.ts"
import { inlinePort, type KindOf, outsidePort, type Responses } from "./handler/Port.ts"
import type { Recordable } from "./Recordable.ts"

export type { Import, Isolation, Options, Sourced } from "./handler/Options.ts"
export type { Calls, On, Reply, RequestOptions, TagsFor } from "./handler/Calls.ts"
export type { RepliesOptions } from "./handler/Replies.ts"

/** In `implement({ handlers })` it computes its action's transition. `Where` says whether within the window. */
export type Handler<S, P, R, Where extends Isolation = "worker", N = never> = Calls<S, P, R, N> &
  Port<S, P, Where, N> & {
    /** The same for an action by which children tell that they were given up: computed by its `child-error`. */
    readonly childError: Port<S, ChildError, Where, N>
  }

type Port<S, P, Where extends Isolation, N> = Where extends "inline"
  ? InlineHandler<S, P>
  : OutsideHandler<S, P, N>

/** One that is loaded, and that recovery can record. */
export type Loaded<S, P, R, Where extends Isolation = "worker"> = Handler<S, P, R, Where> & Recordable<S>

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
): Effect.Effect<
  Loaded<Module.TypeOf<State>, Module.TypeOf<Params>, Module.TypeOf<Response>, Where>,
  LoadError,
  Scope.Scope
> => {
  type S = Module.TypeOf<State>
  type P = Module.TypeOf<Params>
  type R = Module.TypeOf<Response>
  return Effect.map(Loading.load<S, P, R>(anyOf(options)), (live) => {
    const calls = callsOf(anyOf(options), Effect.succeed(live))
    const port = portOf(
      anyOf(options),
      Effect.succeed(live),
      () => live,
      () => [live],
      true,
      calls.responses
    )
    // Which of the two ports it is, the isolation says.
    return { ...calls.calls, ...port, ...recordableOf(live) } as unknown as Loaded<S, P, R, Where>
  })
}

/** The declared schemas' types are in the types of what is made. */
const anyOf = (options: object): AnyOptions => options as AnyOptions

const portOf = <S, P, R, N>(
  options: AnyOptions,
  find: Effect.Effect<Live<S, P, R>, never, N>,
  inlineLive: () => Live<S, P, R>,
  known: () => Iterable<Live<S, P, R>>,
  begins: boolean,
  responses: Responses
): Ports<S, P, N> => {
  const order = { order: options.order ?? "serial", attempts: options.attempts ?? 10 }
  const port = (isFirst: boolean, kindOf: KindOf) =>
    options.isolation === "inline"
      ? inlinePort(inlineLive, known, begins && isFirst, kindOf, responses)
      : outsidePort({ ...order, begins: isFirst }, find, known, kindOf, responses)
  const { abi, isolation = "worker", migrate, name, sha256 } = options
  return {
    ...port(true, (action, loaded) => responses.kindOf(action, loaded)),
    describe: () => ({ name, isolation, details: { abi, sha256 } }),
    ...(migrate && {
      migrate: (state, former) => {
        const before = former.find((one) => one.name === name)?.details?.["sha256"]
        return before === undefined || before === sha256 ? undefined : migrate(state, { module: before })
      }
    }),
    // The params of its kind are those, whatever `P` is.
    childError: port(false, () => "child-error") as unknown as Ports<S, ChildError, N>["childError"]
  }
}

type Ports<S, P, N> = (InlineHandler<S, P> | OutsideHandler<S, P, N>) & {
  readonly childError: InlineHandler<S, ChildError> | OutsideHandler<S, ChildError, N>
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
  migrateState: live.options.migrate,
  run: live.run
})

// ---------------------------------------------------------------------------------------------------------
// Declared where no scope is

/** That the handler of this name is loaded. */
export interface IsLoaded<Name extends string> {
  readonly "~sluice/Handler": Name
}

/** A handler that is a value of its file; `layer` loads it, for `imports` or a runtime's `layer`. */
export type Defined<Name extends string, S, P, R, Where extends Isolation = "worker"> = Handler<
  S,
  P,
  R,
  Where,
  IsLoaded<Name>
> & {
  readonly layer: Layer.Layer<IsLoaded<Name>, LoadError>
  /** As `make` gives it, where the layer is there. */
  readonly loaded: Effect.Effect<Recordable<S>, never, IsLoaded<Name>>
}

/**
 * Do not infer that one which runs inline begins instances: they may be made before it is loaded, so that its `init` is
 * called where `make` has made it, and else not.
 */
export const define = <
  const Name extends string,
  State extends Module.AnySchema,
  Params extends Module.AnySchema,
  Response extends Module.AnySchema,
  const Where extends Isolation = "worker"
>(
  options: Options<State, Params, Response, Where> & Sourced & { readonly name: Name }
): Defined<Name, Module.TypeOf<State>, Module.TypeOf<Params>, Module.TypeOf<Response>, Where> => {
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
  const { calls, responses } = callsOf(anyOf(options), find)
  const port = portOf(anyOf(options), find, newest, () => all, false, responses)
  return {
    ...calls,
    ...port,
    layer,
    loaded: Effect.map(find, (live) => recordableOf(live))
  } as unknown as Defined<Name, S, P, R, Where>
}
