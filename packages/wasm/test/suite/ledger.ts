/** A module whose transitions `secretive` computes, recorded in a store. */
import { type Handler as CoreHandler, Module, Runtime } from "@sluice/core"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Handled from "@sluice/core/Handled"
import { type Errors, Handler, Recovery } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { onTestFinished } from "vitest"
import type { RestartOptions } from "@sluice/wasm/Restarts"
import { built, sha256 } from "../fixture.ts"

const Count = Schema.Struct({ count: Schema.Finite })

export const Doing = Schema.Struct({ do: Schema.String, by: Schema.optionalKey(Schema.Finite) })

const Hidden = Schema.Struct({
  secret: Schema.Finite,
  seen: Schema.Finite,
  pages: Schema.Finite,
  last: Schema.Finite
})

export const Ledger = Module.make("Ledger", {
  state: Count,
  actions: { act: Doing, set: Schema.Finite },
  reducers: { set: (_, count) => ({ count }) }
})

const scoped = async <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(Scope.provide(effect, scope))
}

/** `below` is a check that the module's own schema does not have. `other` adds bytes that mean nothing: the same code under another hash. */
export const makeSecretive = async (
  isolation: Handler.Isolation,
  {
    below = Number.MAX_VALUE,
    other = false,
    restart
  }: {
    readonly below?: number
    readonly other?: boolean
    readonly restart?: RestartOptions<Errors.HandlerFault>
  } = {}
) => {
  const bytes = await built("secretive.wasm")
  // A custom section without a name
  const source = other ? new Uint8Array([...bytes, 0, 1, 0]) : bytes
  return scoped(
    Handler.make({
      name: "Secretive",
      abi: "core",
      source,
      sha256: await sha256(source),
      isolation,
      memory: "image",
      imports: ["clock", "random"],
      state: Schema.Struct({ count: Schema.Finite.check(Schema.isLessThan(below)) }),
      params: Doing,
      response: Hidden,
      initWith: { do: "add", by: 1 },
      ...(restart === undefined ? {} : { restart })
    })
  )
}

export type Secretive = Awaited<ReturnType<typeof makeSecretive>>

export const storeOf = () =>
  Effect.runSync(Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory))

export interface LedgerOptions extends Recovery.Options {
  /** Lets the handler's first entry restore it. */
  readonly first?: boolean
}

export const implement = (handler: Secretive, { first = false, ...options }: LedgerOptions = {}) => {
  const given = { snapshotEvery: 5, fullEvery: 3, ...options }
  // One of the two ports: which, it says itself
  type Outside = CoreHandler.OutsideHandler<typeof Count.Type, typeof Doing.Type, never>
  const act: CoreHandler.Handler<typeof Count.Type, typeof Doing.Type> = handler
  return Ledger.implement({
    initial: { count: 0 },
    handlers: { act: first ? Recovery.first(handler as Secretive & Outside, given) : act },
    logics: [Recovery.logic(Ledger, handler, given)]
  })
}

/** Each is a process of its own: nothing goes from one to the next but by the store. */
export const start = async (
  handler: Secretive,
  store: KeyValueStore.KeyValueStore,
  options: LedgerOptions = {}
) => {
  const live = implement(handler, options)
  const errors: Array<unknown> = []
  const runtime = Runtime.make(live, {
    layer: Layer.succeed(KeyValueStore.KeyValueStore, store),
    onError: (cause) => errors.push(cause)
  })
  onTestFinished(() => runtime.dispose())
  const ledger = await runtime.runPromise(Ledger.tag)
  const recovery = () => {
    const found = Recovery.of(ledger)
    if (found === undefined) throw new Error("It is not recorded")
    return found
  }
  const perform = (doing: typeof Doing.Type) => Effect.runPromise(Effect.exit(ledger.actions.act(doing)))
  const state = () => ledger.unsafe.getState()
  const hidden = async () => {
    const { response } = await Effect.runPromise(handler.request(state(), { do: "reveal", by: 0 }))
    return response
  }
  const snapshots = () =>
    HandlerActivity.of(Handled.instanceOf(ledger).host)
      .snapshot()
      .events.filter((event) => event._tag === "Snapshot")
  return { runtime, ledger, recovery, act: perform, state, hidden, errors, snapshots }
}
