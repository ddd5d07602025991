/** What others see of an instance: its ModuleRuntime and its ModuleHandle. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fiber from "effect/Fiber"
import { callerOf, setPuller } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import type { Delivery } from "./Delivery.ts"
import type { Run } from "./Waits.ts"
import type { AnyAction, Origin } from "./Commit.ts"
import { InvalidExtension, ModuleNotProvided } from "./Errors.ts"
import type { Equals, ModuleHandle, ModuleRuntime, Selector } from "./Handle.ts"
import { serverState } from "./Hydration.ts"
import type { Any } from "./internal/any.ts"
import type { AnyInstance, Instance } from "./Instance.ts"
import { whenLoaded } from "./Loaded.ts"
import { moduleKeyPrefix } from "./Module.ts"
import type { TransactBody } from "./Window.ts"

interface Faces<S, A> {
  readonly handle: ModuleHandle<S, A>
  readonly runtime: ModuleRuntime<S, A>
  /** What `extend` added to both. Written by `replacing`. */
  extension: Extension
}

type Extension = ReturnType<typeof Object.getOwnPropertyDescriptors<object>>

const facesOfInstance = new WeakMap<AnyInstance, Faces<Any, Any>>()
const instanceOfRuntime = new WeakMap<object, AnyInstance>()

/** The same objects each time. */
export const of = <S, A>(instance: Instance<S, A>): Faces<S, A> => {
  const known = facesOfInstance.get(instance)
  // What is kept for an instance is of its own types.
  if (known !== undefined) return known as Faces<S, A>
  const made = make(instance)
  facesOfInstance.set(instance, made)
  for (const face of [made.runtime, made.handle]) instanceOfRuntime.set(face, instance)
  return made
}

/**
 * For another implementation: the same objects, with its dispatchers and what it adds. Throws, and changes
 * nothing, if its extension is refused; what is returned makes the change.
 */
export const replacing = <S, A>(instance: Instance<S, A>, impl: Instance<S, A>["impl"]): (() => void) => {
  const faces = of(instance)
  const { actions } = baseOf(instance, impl)
  const extension = extensionOf(impl.def, { ...faces.handle, actions }, faces.runtime, faces.extension)
  return () => {
    for (const face of [faces.handle, faces.runtime]) {
      for (const name of Object.keys(faces.extension)) Reflect.deleteProperty(face, name)
      Object.defineProperties(Object.assign(face, { actions }), extension)
    }
    faces.extension = extension
  }
}

/** Of a ModuleRuntime or a ModuleHandle that was made here. */
export const instanceOf = (runtime: object): AnyInstance | undefined => instanceOfRuntime.get(runtime)

/** The ModuleRuntime that a scope has for a module: its own, or the nearest outside it. */
export const nearest = (context: Context.Context<never>, moduleId: string): object => {
  // A context holds only what was provided, whatever the type of the fiber's effect says.
  const services = context.mapUnsafe as ReadonlyMap<string, object>
  const found = services.get(`${moduleKeyPrefix}${moduleId}`)
  if (found !== undefined) return found
  const provided = [...services.keys()].filter((key) => key.startsWith(moduleKeyPrefix))
  throw new ModuleNotProvided({
    moduleId,
    provided: provided.map((key) => key.slice(moduleKeyPrefix.length))
  })
}

/** A caller's own word for its transaction is the name of a `state-update`. */
export const toOrigin = (origin: string | Origin): Origin =>
  typeof origin === "string" ? { kind: "state-update", name: origin } : origin

const baseOf = <S, A>(instance: Instance<S, A>, impl: Instance<S, A>["impl"]): ModuleHandle<S, A> => {
  const actions: Record<string, (payload?: unknown) => Effect.Effect<void>> = {}
  for (const tag of Object.keys(impl.def.actions)) {
    actions[tag] = (payload) => instance.dispatch({ _tag: tag, payload })
  }
  return {
    id: impl.def.id,
    instanceId: instance.instanceId,
    getState: Effect.sync(() => instance.liveState),
    // One dispatcher for each tag of A; TypeScript cannot follow the loop that made them.
    actions: actions as unknown as ModuleHandle<S, A>["actions"],
    changes: changesOf(instance, (state) => state),
    changesOf: (selector, equals) => changesOf(instance, selector, equals),
    // The implementation is of any tags; the signature gives each call its own.
    actionStream: ((...tags: ReadonlyArray<string>) =>
      actionStream(instance, tags.length === 0 ? "all" : tags)) as ModuleHandle<S, A>["actionStream"]
  }
}

/** A ref has its instance under this name. */
const ofRefs = "runtime"

const isPlain = (value: unknown): value is object => {
  if (typeof value !== "object" || value === null) return false
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null
}

/** What `extend` gives, by name: getters stay getters. Throws InvalidExtension. */
const extensionOf = <S, A>(
  def: Instance<S, A>["impl"]["def"],
  base: ModuleHandle<S, A>,
  runtime: object,
  previous: Extension
): Extension => {
  if (def.extend === undefined) return {}
  const given = def.extend(base)
  if (!isPlain(given)) throw new InvalidExtension({ moduleId: def.id, taken: [] })
  const extension = Object.getOwnPropertyDescriptors(given)
  const taken = Object.keys(extension).filter(
    (name) => name === ofRefs || (Object.hasOwn(runtime, name) && !Object.hasOwn(previous, name))
  )
  if (taken.length > 0) throw new InvalidExtension({ moduleId: def.id, taken })
  return extension
}

const make = <S, A>(instance: Instance<S, A>): Faces<S, A> => {
  const base = baseOf(instance, instance.impl)
  const runtime: ModuleRuntime<S, A> = {
    ...base,
    getState: Effect.sync(() => instance.state),
    dispatch: (action) => instance.dispatch(action),
    dispatchBatch: (batch) => instance.dispatchBatch(batch),
    // The field's value is of the field's type.
    refresh: ((field: string) => instance.refresh(field)) as ModuleRuntime<S, A>["refresh"],
    reset: () => instance.reset(),
    // The overloads all come down to this; its result is that of the body.
    transact: ((origin: string | Origin, body: TransactBody<S>) =>
      instance.transact(toOrigin(origin), body)) as ModuleRuntime<S, A>["transact"],
    backlog: Effect.sync(() => instance.deliveries.backlog()),
    unsafe: {
      getState: () => instance.state,
      getVersion: () => instance.version,
      getServerState: () => serverState(instance),
      whenLoaded: (field) => whenLoaded(instance, field),
      dispatch: (action) => instance.dispatchSync(action, null),
      dispatchBatch: (batch) => instance.dispatchBatchSync(batch),
      dispatchPromise: (action) => instance.dispatchPromise(action),
      transact: (origin, body) => instance.transactSync(toOrigin(origin), body),
      subscribe: (listener) => instance.subscriptions.subscribe(listener),
      subscribeTo: (selector, listener, equals) =>
        instance.subscriptions.subscribeTo(instance.state, selector, listener, equals),
      watch: (selector, onChange, equals) =>
        instance.subscriptions.watch(instance, selector, onChange, equals),
      backlog: () => instance.deliveries.backlog()
    }
  }
  const extension = extensionOf(instance.impl.def, base, runtime, {})
  const handle = Object.defineProperties({ ...base }, extension)
  return { handle, runtime: Object.defineProperties(runtime, extension), extension }
}

/** What can be read again and again: an instance, or what is derived from some. */
interface Changing<S> {
  readonly liveState: S
  readonly closed: boolean
  readonly onChange: (notify: () => void) => () => void
  readonly wakeSoon: (wake: () => void) => void
}

/** Conflated: each pull gives the selection of that moment, and waits only if it was given already. */
export const changesOf = <S, B>(
  instance: Changing<S>,
  selector: Selector<S, B>,
  equals: Equals<B> = Object.is
): Stream.Stream<B> => {
  const acquire = Effect.acquireRelease(
    Effect.sync(() => new Changes(instance)),
    (changes) => Effect.sync(changes.stop)
  )
  return Stream.unwrap(
    Effect.map(acquire, (changes) => {
      let last: { readonly value: B } | undefined
      const pull: Effect.Effect<readonly [B], Cause.Done> = Effect.suspend(() => {
        changes.seen()
        const value = selector(instance.liveState)
        if (last === undefined || !equals(last.value, value)) {
          last = { value }
          return Effect.succeed([value] as const)
        }
        return instance.closed ? Cause.done() : Effect.flatMap(changes.next, () => pull)
      })
      return Stream.fromPull(Effect.succeed(pull))
    })
  )
}

/** Whether a commit, or the instance's end, came since the reader last looked. */
class Changes {
  private came = false
  private wake: (() => void) | undefined
  readonly stop: () => void
  /** Ends at the next, or at once if one came meanwhile: the reader's fiber may have yielded. */
  readonly next: Effect.Effect<void>

  constructor(instance: Changing<unknown>) {
    this.stop = instance.onChange(() => {
      this.came = true
      this.wake?.()
    })
    this.next = Effect.callback<void>((resume) => {
      if (this.came) return resume(Effect.void)
      this.wake = () => {
        this.wake = undefined
        instance.wakeSoon(() => resume(Effect.void))
      }
      return Effect.sync(() => {
        this.wake = undefined
      })
    })
  }

  seen(): void {
    this.came = false
  }
}

const actionStream = <S, A>(
  instance: Instance<S, A>,
  tags: ReadonlyArray<string> | "all"
): Stream.Stream<AnyAction> => {
  const name = `actionStream(${tags === "all" ? "" : tags.join(", ")})`
  const acquire = Effect.acquireRelease(
    Effect.sync(() => {
      const consumer = instance.subscribe({ name, tags, limit: 1 }, callerOf(Fiber.getCurrent()))
      return new Reader(instance, consumer)
    }),
    (reader) => Effect.sync(() => reader.close())
  )
  return Stream.unwrap(Effect.map(acquire, (reader) => Stream.fromPull(Effect.succeed(reader.pull))))
}

/** A stream's side of a consumer. What reads it is its handler until it asks for the next. */
class Reader {
  private readonly instance: AnyInstance
  private readonly consumer: Consumer<Delivery>
  private run: Run | undefined

  constructor(instance: AnyInstance, consumer: Consumer<Delivery>) {
    this.instance = instance
    this.consumer = consumer
  }

  readonly pull: Effect.Effect<readonly [AnyAction], Cause.Done> = Effect.withFiber((fiber) => {
    this.endRun()
    const { consumer } = this
    const delivery = consumer.take()
    if (delivery !== undefined) {
      this.run = consumer.begin()
      setPuller(fiber, {
        txn: delivery,
        run: this.run,
        instanceId: this.instance.instanceId,
        isSetup: false
      })
      return Effect.succeed([delivery.action] as const)
    }
    return consumer.closed ? Cause.done() : Effect.flatMap(this.instance.awaitItem(consumer), () => this.pull)
  })

  close(): void {
    this.endRun()
    // When the instance closes, it counts what is left here.
    if (!this.instance.closed) this.instance.deliveries.unsubscribe(this.consumer)
  }

  private endRun(): void {
    if (this.run !== undefined) this.consumer.end(this.run)
    this.run = undefined
  }
}
