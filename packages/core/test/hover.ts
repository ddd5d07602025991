/** What an editor shows of each declaration that is followed by `//=>`; `scripts/hover.test.ts` asks the compiler. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

class Api extends Context.Service<Api, { readonly load: (id: string) => Effect.Effect<number> }>()("Api") {}

const Row = Schema.Struct({ id: Schema.String, n: Schema.Finite })

export const Counter = Module.make("Counter", {
  //=> ModuleDef<"Counter", { readonly count: number; }, { readonly increment: void; readonly add: number; }, unknown, NoTraits>
  state: Schema.Struct({ count: Schema.Finite }),
  actions: { increment: Schema.Void, add: Schema.Finite },
  reducers: {
    increment: (state) => ({ ...state, count: state.count + 1 }),
    add: (state, by, action) => {
      const shown = [state, by, action] as const
      //=> readonly [{ readonly count: number; }, number, { readonly _tag: "add"; readonly payload: number; }]
      return { ...shown[0], count: by }
    }
  }
})

export const loading = Counter.logic("loading", ($) =>
  //=> Logic<{ readonly count: number; }, { readonly increment: void; readonly add: number; }, Api | ModuleIdentity<"Counter">>
  Effect.gen(function* () {
    const api = yield* $.use(Api)
    const state = yield* $.state.get
    //=> { readonly count: number; }
    const add = $.actions.add
    //=> (payload: number) => Effect<void, never, never>
    const handle = yield* $.use(Counter)
    //=> ModuleHandle<{ readonly count: number; }, { readonly increment: void; readonly add: number; }>
    const flow = $.onAction("add")
    //=> Flow<{ readonly count: number; }, number, { readonly _tag: "add"; readonly payload: number; }, never, RunOptions>
    yield* flow.run((by, action) => api.load(`${state.count}${by}${action._tag}`))
    yield* handle.actions.increment()
    yield* add(1)
    const mapped = $.onAction(["add", "increment"]).map((payload) => payload ?? 0)
    //=> Flow<{ readonly count: number; }, number, Action<{ readonly increment: void; readonly add: number; }, "add" | "increment">, never, RunOptions>
    yield* mapped.run(() => Effect.void)
  })
)

export const CounterLive = Counter.implement({
  //=> Module<"Counter", { readonly count: number; }, { readonly increment: void; readonly add: number; }, unknown, number, Api, ModuleIdentity<"Counter">, NoTraits>
  initial: (start: number) => ({ count: start }),
  logics: [loading]
})

const Small = Module.make("Small", {
  state: Schema.Struct({ n: Schema.Finite }),
  actions: { set: Schema.Finite }
})
export const SmallLive = Small.implement({ initial: { n: 0 } })
//=> Module<"Small", { readonly n: number; }, { readonly set: number; }, unknown, void, never, ModuleIdentity<"Small">, NoTraits>

const Panel = Module.make("Panel", { state: Schema.Finite, actions: {} })
const asking = Panel.logic("asking", ($) => Effect.all([$.use(Api), $.use(Counter)]))
export const PanelLive = Panel.implement({ initial: 0, logics: [asking], imports: [SmallLive] })
//=> Module<"Panel", number, {}, unknown, void, Api | ModuleIdentity<"Counter">, ModuleIdentity<"Panel"> | ModuleIdentity<"Small">, NoTraits>
export const lacking = (modules: Runtime.Complete<typeof PanelLive, never>) => modules
//=> (modules: NotProvided<"module Counter" | "service Api">) => NotProvided<"module Counter" | "service Api">

const rows = Collection.schema(Row, "id")
export const Table = Module.make("Table", {
  //=> ModuleDef<"Table", { readonly rows: Collection<{ readonly id: string; readonly n: number; }, string>; }, { readonly put: { readonly id: string; readonly n: number; }; }, unknown, NoTraits>
  state: Schema.Struct({ rows }),
  actions: { put: Row },
  reducers: {}
})

class Line extends Schema.Opaque<Line>()(Schema.Struct({ sku: Schema.String, pieces: Schema.Int })) {}
class Basket extends Schema.Opaque<Basket>()(Schema.Struct({ lines: Schema.Array(Line) })) {}
export const Baskets = Module.make("Baskets", {
  //=> ModuleDef<"Baskets", Basket, { readonly add: Line; }, unknown, NoTraits>
  state: Basket,
  actions: { add: Line },
  reducers: { add: (state, line) => ({ lines: [...state.lines, line] }) }
})

const layer = Layer.succeed(Api, { load: () => Effect.succeed(1) })
export const runtime = Runtime.make(SmallLive, { layer })
//=> Runtime<Api | ModuleIdentity<"Small">>
export const small = runtime.resolve(Small.tag)
//=> ModuleRuntime<{ readonly n: number; }, { readonly set: number; }, NoTraits>
export const set = small.actions.set
//=> (payload: number) => Effect<void, never, never>
export const stream = small.changesOf(({ n }) => n)
//=> Stream<number, never, never>
export const transacted = small.transact("name", (tx) => tx.get().n)
//=> Effect<number, never, never>
export const backlog = small.unsafe.backlog()
//=> Backlog
