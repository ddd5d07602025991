/** The `$` language: what a logic's setup can say. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { lateWrite } from "./Admission.ts"
import * as Body from "./Body.ts"
import { callerOf } from "./Caller.ts"
import type { Drafted } from "./Collection.ts"
import { ChildrenOf } from "./Children.ts"
import type { AnyAction, Origin } from "./Commit.ts"
import * as Flow from "./Flow.ts"
import type { Derived, Equals, Selector } from "./Handle.ts"
import type { Instance } from "./Instance.ts"
import type { LogicContext } from "./Module.ts"
import * as ModuleRuntime from "./ModuleRuntime.ts"
import * as Transaction from "./Transaction.ts"
import type { BodyWindow, TransactBody } from "./Window.ts"

/** The handle of the nearest instance, as the fiber's context has it. */
const useModule = (moduleId: string): Effect.Effect<unknown> =>
  Effect.withFiber((fiber) => {
    const runtime = ModuleRuntime.nearest(fiber.context, moduleId)
    const instance = ModuleRuntime.instanceOf(runtime)
    // One that a test made by hand is its own handle.
    return Effect.succeed(instance === undefined ? runtime : ModuleRuntime.of(instance).handle)
  })

interface Usable extends Partial<Pick<Derived<unknown, unknown>, "~sluice/Derived">> {
  readonly tag?: Usable
  readonly moduleId?: string
}

/** Definition, implementation and tag all come down to the tag; what is neither that nor a Derived is a service's key. */
const use = (target: Usable): Effect.Effect<unknown> => {
  const derived = target["~sluice/Derived"]
  if (derived !== undefined) {
    return Effect.withFiber((fiber) =>
      Effect.succeed(derived((moduleId) => ModuleRuntime.nearest(fiber.context, moduleId)).handle)
    )
  }
  const tag = target.tag ?? target
  // The overloads of `use` admit nothing else.
  const key = tag as unknown as Context.Key<never, object>
  return tag.moduleId === undefined ? key : useModule(tag.moduleId)
}

const updateIn = <S>(window: BodyWindow<S>, f: (state: S) => S): void => window.update(f)
const mutateIn = <S>(window: BodyWindow<S>, recipe: (draft: Drafted<S>) => void): void =>
  window.mutate(recipe)
const updated = <S>(state: S, f: (state: S) => S): S => f(state)

/** The `$` of one logic on one instance. */
export const make = <S, A>(instance: Instance<S, A>, logic: string): LogicContext<S, A> => {
  const { handle, runtime } = ModuleRuntime.of(instance)
  const updateOrigin: Origin = { kind: "state-update", name: logic }

  type Recipe = Parameters<LogicContext<S, A>["state"]["mutate"]>[0]
  // Made once, because a recipe may be run very often, and each of its closures would count.
  const mutated = (state: S, recipe: Recipe) => instance.mutate(state, recipe)

  const callback = (name: string, step: ((state: S, ...args: ReadonlyArray<unknown>) => S) | undefined) => {
    const origin: Origin = { kind: "service-callback", name }
    return step === undefined
      ? (payload?: unknown) => instance.callbackAction(origin, { _tag: name, payload })
      : (...args: ReadonlyArray<unknown>) => instance.callbackUpdate(origin, (state) => step(state, ...args))
  }

  const onAction = (which?: string | ReadonlyArray<string> | ((action: AnyAction) => boolean)) => {
    if (typeof which === "function") return Flow.make(instance, Flow.ofActions(instance, logic, "all", which))
    const tags = which === undefined ? "all" : typeof which === "string" ? [which] : which
    return Flow.make(instance, Flow.ofActions(instance, logic, tags, undefined))
  }

  const onStream = (name: string, stream: Stream.Stream<unknown, unknown, unknown>) =>
    Flow.make(instance, Flow.ofStream(instance, `${logic}: ${name}`, stream))

  const afterCommit = (effect: Effect.Effect<unknown, unknown>): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const open = Transaction.current()
      if (open !== undefined) open.window?.defer(effect, fiber.context)
      else if (Body.isLate(fiber))
        return Effect.die(lateWrite(instance.instanceId, { kind: "state-update", name: "afterCommit" }))
      else instance.fork(effect, fiber.context, logic, callerOf(fiber)?.txn)
      return Effect.void
    })

  // Each member takes what its overloads in LogicContext admit, which is more than one signature can say.
  const members: { readonly [Member in keyof LogicContext<S, A>]: unknown } = {
    state: {
      get: Effect.sync(() => instance.ownWindow()?.get() ?? instance.liveState),
      update: (f: (state: S) => S) => instance.write(updateOrigin, updateIn, updated, f),
      mutate: (recipe: Recipe) => instance.write(updateOrigin, mutateIn, mutated, recipe)
    },
    actions: handle.actions,
    onAction,
    onState: <B>(selector: Selector<S, B>, equals?: Equals<B>) =>
      onStream("onState", handle.changesOf(selector, equals)),
    on: (stream: Stream.Stream<unknown, unknown, unknown>) => onStream("on(stream)", stream),
    use,
    transact: (origin: string | Origin, body: TransactBody<S>) =>
      instance.transact(ModuleRuntime.toOrigin(origin), body),
    refresh: (field: string) => instance.refresh(field),
    afterCommit,
    callback,
    get children() {
      return Context.get(instance.services, ChildrenOf)(runtime)
    }
  }
  return members as LogicContext<S, A>
}
