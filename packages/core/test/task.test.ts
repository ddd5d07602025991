import { Module, Runtime } from "@sluice/core"
import type { ModuleIdentity } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { gaugeOf } from "./lane.ts"
import { collectErrors, disposing, entriesOf, idle } from "./support.ts"

class NotFound extends Data.TaggedError("NotFound")<{ readonly id: number }> {}

const Page = Module.make("Page", {
  state: Schema.Struct({ busy: Schema.Number, log: Schema.Array(Schema.String) }),
  actions: { load: Schema.Number, other: Schema.Number },
  reducers: {}
})
interface State {
  readonly busy: number
  readonly log: ReadonlyArray<string>
}
type Context = Module.LogicContext<State, { readonly load: number; readonly other: number }>
const initial: State = { busy: 0, log: [] }

const begun = (state: State): State => ({ ...state, busy: state.busy + 1 })
const ended = (state: State, line: string): State => ({ busy: state.busy - 1, log: [...state.log, line] })

const start = (
  setup: ($: Context) => Effect.Effect<unknown, unknown, Scope.Scope | ModuleIdentity<"Page">>
) => {
  const { errors, infos, onError } = collectErrors()
  const runtime = disposing(
    Runtime.make(Page.implement({ initial, logics: [Page.logic("l", setup)] }), {
      onError,
      trace: { level: "full" }
    })
  )
  const page = runtime.resolve(Page.tag)
  return {
    runtime,
    page,
    errors,
    infos,
    state: () => page.unsafe.getState(),
    gauge: () => gaugeOf(page.unsafe.backlog(), "x"),
    chain: () =>
      entriesOf(runtime).map(({ cause, origin, outcome, txnId }) => [
        txnId.split("::")[1],
        cause?.split("::")[1],
        origin.name,
        outcome
      ]),
    load: async (...ids: ReadonlyArray<number>) => {
      for (const id of ids) page.unsafe.dispatch({ _tag: "load", payload: id })
      await idle()
    }
  }
}

/** IO that is answered by hand. */
const server = () => {
  const gates = new Map<number, Deferred.Deferred<string, NotFound>>()
  return {
    asked: gates,
    ask: (id: number) =>
      Effect.suspend(() => {
        const gate = Deferred.makeUnsafe<string, NotFound>()
        gates.set(id, gate)
        return Deferred.await(gate)
      }),
    answer: async (id: number, effect: Effect.Effect<string, NotFound> = Effect.succeed(`${id}`)) => {
      const gate = gates.get(id)
      if (gate === undefined) throw new Error(`${id} was not asked for`)
      Deferred.doneUnsafe(gate, effect)
      await idle()
    }
  }
}

const taskOf = (io: ReturnType<typeof server>) => ({
  name: "x",
  pending: begun,
  effect: (id: number) => io.ask(id),
  success: (state: State, value: string) => ended(state, value),
  failure: (state: State, cause: Cause.Cause<NotFound>) => ended(state, `no: ${String(Cause.squash(cause))}`)
})

describe("runTask", () => {
  it("T1 is a transaction, the IO, and a transaction with its outcome", async () => {
    const io = server()
    const { load, page, state } = start(($) => $.onAction("load").runTask(taskOf(io)))
    let told = 0
    page.unsafe.subscribe(() => void told++)
    await load(1)
    expect(state()).toEqual({ busy: 1, log: [] })
    await io.answer(1)
    expect(state()).toEqual({ busy: 0, log: ["1"] })
    expect(told).toBe(2)
  })

  it("T7 O3 its transactions are named, and each is caused by the one before", async () => {
    const { chain, load } = start(($) =>
      $.onAction("load").runTask({
        pending: begun,
        effect: (id) => Effect.as($.actions.other(id), "done"),
        success: ended
      })
    )
    await load(7)
    expect(chain()).toEqual([
      ["t1", undefined, "load", "unchanged"],
      ["t2", "t1", "l: load, pending", "commit"],
      ["t3", "t2", "other", "unchanged"],
      ["t4", "t2", "l: load, success", "commit"]
    ])
  })

  it("T7 without pending, the outcome is caused by the action; a failure is named, too", async () => {
    const { chain, load, errors } = start(($) =>
      $.onAction("load").runTask({
        name: "page",
        effect: (id) => Effect.fail(id),
        failure: (state, cause) => ({ ...state, log: [String(Cause.squash(cause))] })
      })
    )
    await load(7)
    expect(chain()).toEqual([
      ["t1", undefined, "load", "unchanged"],
      ["t2", "t1", "page, failure", "commit"]
    ])
    expect(errors).toEqual([])
  })

  it("T7 also behind an actionStream, whose handler's fiber pulls", async () => {
    const { chain, load } = start(($) =>
      Effect.gen(function* () {
        const page = yield* $.use(Page)
        yield* $.on(page.actionStream("load")).runTask({
          name: "page",
          pending: begun,
          effect: () => Effect.as(Effect.yieldNow, "done"),
          success: ended
        })
      })
    )
    await load(7)
    expect(chain()).toEqual([
      ["t1", undefined, "load", "unchanged"],
      ["t2", "t1", "page, pending", "commit"],
      ["t3", "t2", "page, success", "commit"]
    ])
  })

  it("T7 a stream without a cause still draws one tree for each run", async () => {
    const { chain } = start(($) =>
      $.on(Stream.make(1)).runTask({
        name: "page",
        pending: begun,
        effect: () => Effect.succeed("done"),
        success: ended
      })
    )
    await idle()
    expect(chain()).toEqual([
      ["t1", undefined, "page, pending", "commit"],
      ["t2", "t1", "page, success", "commit"]
    ])
  })

  it("C6 a typed failure is the write's; without one it reaches onError, and the next action is handled", async () => {
    const io = server()
    const { errors, infos, load, state } = start(($) =>
      Effect.gen(function* () {
        yield* $.onAction("load").runTask(taskOf(io))
        yield* $.onAction("other").runTask({ name: "y", effect: () => Effect.fail("unwritten") })
      })
    )
    await load(1, 2)
    await io.answer(1, Effect.fail(new NotFound({ id: 1 })))
    expect(state()).toEqual({ busy: 1, log: ["no: NotFound"] })
    expect(errors).toEqual([])
    await io.answer(2)
    expect(state()).toEqual({ busy: 0, log: ["no: NotFound", "2"] })
    expect(infos).toEqual([])
  })

  it("C6 a failure without a write reaches onError with its action", async () => {
    const { errors, infos, load, state } = start(($) =>
      $.onAction("load").runTask({ name: "x", pending: begun, effect: (id) => Effect.fail(`no ${id}`) })
    )
    await load(1, 2)
    expect(errors).toEqual(["no 1", "no 2"])
    expect(infos[0]).toMatchObject({ during: "handler", entry: "x", tag: "load", txnId: "Page#1::t1" })
    expect(state().busy).toBe(2)
  })

  it("C6 a defect is written, so that nothing stays pending, and reaches onError as well", async () => {
    const { errors, load, state } = start(($) =>
      $.onAction("load").runTask({
        pending: begun,
        effect: (): Effect.Effect<string> => {
          throw new Error("bug")
        },
        success: ended,
        failure: (state, cause) => ended(state, String(Cause.squash(cause)))
      })
    )
    await load(1)
    expect(state()).toEqual({ busy: 0, log: ["Error: bug"] })
    expect(errors).toMatchObject([{ message: "bug" }])
  })

  it("C6 an effect that is interrupted from within has failed, too", async () => {
    const { load, state } = start(($) =>
      $.onAction("load").runTask({
        pending: begun,
        effect: () => Effect.interrupt,
        failure: (state, cause) => ended(state, `interrupted: ${Cause.hasInterruptsOnly(cause)}`)
      })
    )
    await load(1)
    expect(state()).toEqual({ busy: 0, log: ["interrupted: true"] })
  })

  it("T4 a pending write that throws is rolled back, and the effect does not run", async () => {
    const io = server()
    const { errors, load, state } = start(($) =>
      $.onAction("load").runTask({
        ...taskOf(io),
        pending: () => {
          throw new Error("pending")
        }
      })
    )
    await load(1)
    expect(io.asked.size).toBe(0)
    expect(state()).toEqual(initial)
    expect(errors[0]).toMatchObject({ message: "pending" })
  })
})

describe("runTask's strategies", () => {
  it("C2 run, the default: one after another", async () => {
    const io = server()
    const { gauge, load, state } = start(($) => $.onAction("load").runTask(taskOf(io)))
    await load(1, 2)
    expect([...io.asked.keys()]).toEqual([1])
    expect(gauge()).toMatchObject({ depth: 1, inFlight: 1 })
    await io.answer(1)
    await io.answer(2)
    expect(state()).toEqual({ busy: 0, log: ["1", "2"] })
  })

  it("C2 exhaust: what comes while one runs is skipped, and has no transaction", async () => {
    const io = server()
    const { gauge, load, state } = start(($) =>
      $.onAction("load").runTask({ ...taskOf(io), strategy: "exhaust" })
    )
    await load(1)
    await load(2)
    await io.answer(1)
    expect(state()).toEqual({ busy: 0, log: ["1"] })
    expect(gauge().skipped).toEqual({ exhaust: 1 })
  })

  it("T4 latest: an interrupted run writes no outcome", async () => {
    const io = server()
    const { errors, load, state } = start(($) =>
      $.onAction("load").runTask({
        ...taskOf(io),
        pending: (state) => ({ ...state, busy: 1 }),
        strategy: "latest"
      })
    )
    await load(1)
    await load(2)
    await io.answer(2)
    expect(state()).toEqual({ busy: 0, log: ["2"] })
    expect(errors).toEqual([])
  })

  it("T4 latest: nor does one whose effect cannot be interrupted and answers before it ends", async () => {
    const io = server()
    const { load, state } = start(($) =>
      $.onAction("load").runTask({
        ...taskOf(io),
        pending: (state) => ({ ...state, busy: 1 }),
        effect: (id) => (id === 1 ? Effect.uninterruptible(io.ask(id)) : io.ask(id)),
        strategy: "latest"
      })
    )
    await load(1)
    await load(2)
    expect(io.asked.has(2)).toBe(false)
    await io.answer(1)
    await io.answer(2)
    expect(state()).toEqual({ busy: 0, log: ["2"] })
  })

  it("C2 overlapping: an older outcome does not overwrite a newer one of the same key; it is skipped as stale", async () => {
    const io = server()
    const { gauge, load, runtime, state } = start(($) =>
      $.onAction("load").runTask({ ...taskOf(io), strategy: { concurrency: 4, key: (id) => id % 2 } })
    )
    await load(1, 2, 3, 4)
    await io.answer(3)
    await io.answer(2)
    await io.answer(1)
    expect(state()).toEqual({ busy: 2, log: ["3", "2"] })
    await io.answer(4)
    expect(state()).toEqual({ busy: 1, log: ["3", "2", "4"] })
    expect(gauge().skipped).toEqual({ stale: 1 })
    const { events } = runtime.trace.snapshot()
    expect(events.filter(({ kind }) => kind === "skipped")).toMatchObject([
      { txnId: "Page#1::t1", reason: "stale", tag: "load" }
    ])
  })

  it("T1 what was begun before a reset writes nothing after it", async () => {
    const io = server()
    const { chain, gauge, load, page, runtime, state } = start(($) => $.onAction("load").runTask(taskOf(io)))
    await load(1)
    await runtime.runPromise(page.reset())
    await io.answer(1)
    expect(state()).toEqual(initial)
    expect(gauge()).toMatchObject({ inFlight: 0, skipped: { stale: 1 } })
    expect(chain().map(([, , name]) => name)).toEqual(["load", "x, pending", "reset"])
    await load(2)
    await io.answer(2)
    expect(state()).toEqual({ busy: 0, log: ["2"] })
  })

  it("T5 an outcome that comes while devtools show another moment is written after it", async () => {
    const io = server()
    const { load, page, runtime, state } = start(($) => $.onAction("load").runTask(taskOf(io)))
    await load(1)
    runtime.travel.to(new Map([[page.instanceId, initial]]))
    await io.answer(1)
    expect(state()).toEqual(initial)
    runtime.travel.live()
    await idle()
    expect(state()).toEqual({ busy: 0, log: ["1"] })
  })

  it("T4 one that was reset while its outcome waited to enter is stale, too", async () => {
    const io = server()
    const { gauge, load, page, runtime, state } = start(($) => $.onAction("load").runTask(taskOf(io)))
    await load(1)
    runtime.travel.to(new Map([[page.instanceId, initial]]))
    const reset = runtime.run(page.reset())
    await io.answer(1)
    runtime.travel.live()
    await runtime.runPromise(Fiber.await(reset))
    await idle()
    expect(state()).toEqual(initial)
    expect(gauge().skipped).toEqual({ stale: 1 })
  })

  it("C7 closing the instance interrupts the effect, and nothing is written", async () => {
    const io = server()
    const { errors, load, page, runtime, state } = start(($) => $.onAction("load").runTask(taskOf(io)))
    await load(1)
    await runtime.evict(page.instanceId)
    await io.answer(1)
    expect(state()).toEqual({ busy: 1, log: [] })
    expect(errors).toEqual([])
  })
})

describe("T7 causes", () => {
  const strategies = ["run", "runLatest", "runExhaust", "runParallel"] as const
  for (const strategy of strategies) {
    it(`O3 ${strategy}: what a handler does, forks, or leaves to do is caused by its action`, async () => {
      const { load, runtime } = start(($) => {
        const handler = (id: number) =>
          Effect.gen(function* () {
            yield* $.actions.other(id)
            yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, $.actions.other(id)))
            yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, $.actions.other(id)))
            yield* $.afterCommit($.actions.other(id))
            yield* Effect.yieldNow
            yield* $.state.update(begun)
            yield* Effect.sleep(1)
          })
        const flow = $.onAction("load")
        return strategy === "runParallel"
          ? flow.runParallel({ concurrency: 2 }, handler)
          : flow[strategy](handler)
      })
      await load(1)
      await new Promise((resolve) => {
        const stop = runtime.trace.attach({
          onBatch: () => entriesOf(runtime).length === 6 && (stop(), resolve(undefined))
        })
        if (entriesOf(runtime).length === 6) resolve(undefined)
      })
      const [first, ...others] = entriesOf(runtime)
      expect(first).toMatchObject({ txnId: "Page#1::t1", cause: undefined })
      expect(others.map(({ cause }) => cause)).toEqual(others.map(() => "Page#1::t1"))
    })
  }
})
