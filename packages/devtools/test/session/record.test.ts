import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { History, record } from "../../src/session/index.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ n: Schema.Number }),
  actions: { add: Schema.Number },
  reducers: { add: (state, by) => ({ n: state.n + by }) }
})
const CounterLive = Counter.implement({ initial: (n: number) => ({ n }) })
const Root = Module.make("Root", { state: Schema.Struct({ n: Schema.Number }), actions: {} })

test("a history is told each commit, and the instances as they come and go, until it is ended", async () => {
  const runtime = Runtime.make(Root.implement({ initial: { n: 0 } }))
  onTestFinished(() => runtime.dispose())
  const history = new History()
  const stop = record(runtime, history)
  const start = (n: number) => {
    const local = runtime.local(CounterLive, { input: n })
    local.mount()
    return local.ref
  }
  const first = start(1)
  first.unsafe.dispatch({ _tag: "add", payload: 1 })
  expect(history.latest).toMatchObject({ instanceId: first.instanceId, previous: { n: 1 }, next: { n: 2 } })
  const second = start(5)
  await runtime.evict(first.instanceId)
  const [root] = runtime.instances()
  const life = (instanceId: string | undefined, moduleId: string, startedAt: number, endedAt?: number) => ({
    instanceId,
    moduleId,
    startedAt,
    endedAt
  })
  expect(history.instances).toEqual([
    life(root?.instanceId, "Root", 0),
    life(first.instanceId, "Counter", 0, 1),
    life(second.instanceId, "Counter", 1)
  ])
  expect(history.recording().base.map(({ state }) => state)).toEqual([{ n: 0 }, { n: 1 }, { n: 5 }])

  stop()
  second.unsafe.dispatch({ _tag: "add", payload: 1 })
  await runtime.evict(second.instanceId)
  expect(history.appended).toBe(1)
  expect(history.instances.at(-1)).toMatchObject({ endedAt: undefined })
})

test("instances that come in one task are looked at once, and before what one of them does", async () => {
  const runtime = Runtime.make(Root.implement({ initial: { n: 0 } }))
  onTestFinished(() => runtime.dispose())
  let looks = 0
  const counted = {
    ...runtime,
    instances: () => {
      looks++
      return runtime.instances()
    }
  }
  const history = new History()
  onTestFinished(record(counted, history))
  const made = Array.from({ length: 100 }, (_, input) => {
    const local = runtime.local(CounterLive, { input })
    local.mount()
    return local.ref
  })
  expect(looks).toBe(1)
  await Promise.resolve()
  expect([looks, history.instances.length]).toEqual([2, 101])
  made[0]?.unsafe.dispatch({ _tag: "add", payload: 1 })
  expect(looks).toBe(2)
  const late = runtime.local(CounterLive, { input: 0 })
  late.mount()
  late.ref.unsafe.dispatch({ _tag: "add", payload: 1 })
  expect(history.instances.at(-1)).toMatchObject({ instanceId: late.ref.instanceId, startedAt: 1 })
})
