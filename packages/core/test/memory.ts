/**
 * What is over leaves nothing: the heap after a forced collection is back within a megabyte. Run by itself, with
 * `node --expose-gc`, because a test runner's own heap grows.
 */
import * as assert from "node:assert/strict"
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"

const limit = 2 ** 20
const collect = globalThis.gc ?? assert.fail("run it with node --expose-gc")

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

/** Bytes in use, when collecting again frees nothing more. */
const heap = async (): Promise<number> => {
  let least = Number.POSITIVE_INFINITY
  for (let kept = 0; kept < 3;) {
    collect()
    await turn()
    const { heapUsed } = process.memoryUsage()
    kept = heapUsed < least ? 0 : kept + 1
    least = Math.min(least, heapUsed)
  }
  return least
}

// A keyed instance is kept for five seconds for whoever mounts it first. Here they pass when they are told to.
const late: Array<() => void> = []
const soon = globalThis.setTimeout
Object.assign(globalThis, {
  setTimeout: (task: () => void, ms: number) => (ms < 5000 ? soon(task, ms) : late.push(task))
})

let failed = 0

/** The work does what the count says. It is done before, for what is compiled and what fills up to a fixed size. */
const measure = async (name: string, count: number, work: (count: number) => Promise<unknown>) => {
  const startedAt = performance.now()
  await work(Math.ceil(count / 10))
  let grown = Number.POSITIVE_INFINITY
  // A heap that shrank had still something of before in it, which could hide what is new. One that grew once may
  // have been the engine's; a leak grows each time.
  for (let before = await heap(), tries = 0; Math.abs(grown) > limit && tries < 3; tries++) {
    await work(count)
    const after = await heap()
    grown = after - before
    before = after
  }
  const ok = Math.abs(grown) <= limit
  if (!ok) failed++
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(
    `${ok ? "ok  " : "FAIL"} ${name}: ${(grown / 1024).toFixed(0)} KiB after ${count} (${seconds} s)`
  )
}

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number, last: Schema.Struct({ by: Schema.Number }) }),
  actions: { add: Schema.Number },
  reducers: { add: ({ count }, by) => ({ count: count + by, last: { by } }) }
})
const initial = { count: 0, last: { by: 0 } }
const handling = Counter.logic("handling", ($) => $.onAction("add").run(() => Effect.void))
const latest = Counter.logic("latest", ($) => $.onAction("add").runLatest(() => Effect.yieldNow))
const reading = Counter.logic("reading", ($) => $.onState(({ count }) => count).run(() => Effect.void))
const Handled = Counter.implement({ initial, logics: [handling, latest, reading] })
// Those that are closed at once warn of what they had not delivered yet.
const layer = Logger.layer([])

const listen = ({ unsafe }: ReturnType<typeof resolve>) => {
  let told = 0
  unsafe.subscribe(() => told++)
  unsafe.subscribeTo(
    ({ count }) => count % 3,
    () => told++
  )
}
const resolve = (runtime: Runtime.AnyRuntime) => runtime.resolve(Counter.tag)

{
  await using runtime = Runtime.make(Handled, { layer, trace: { level: "full", capacity: 1024 } })
  const counter = resolve(runtime)
  listen(counter)
  await measure("dispatches by Effect callers", 1_000_000, (count) =>
    runtime.runPromise(Effect.forEach(numbers(count), (n) => counter.actions.add(n), { discard: true }))
  )
}

{
  await using runtime = Runtime.make(Counter.implement({ initial }), {
    trace: { level: "light", capacity: 1024 }
  })
  const counter = resolve(runtime)
  listen(counter)
  await measure("dispatches by synchronous callers", 1_000_000, async (count) => {
    for (const payload of numbers(count)) counter.unsafe.dispatch({ _tag: "add", payload })
  })
}

{
  await using runtime = Runtime.make(Handled, { layer })
  const gone = () =>
    new Promise<void>((resolve) => {
      const stop = runtime.subscribe(() => {
        if (runtime.instances().length > 1) return
        stop()
        resolve()
      })
    })
  await measure("instances made and disposed", 100_000, async (count) => {
    for (let left = count; left > 0; left -= 500) {
      const all = gone()
      const releases = Array.from({ length: Math.min(500, left) }, (_, i) => {
        const { mount, ref } = runtime.local(Handled, i % 2 === 0 ? {} : { key: `${left}-${i}` })
        const release = mount()
        listen(ref)
        ref.unsafe.dispatch({ _tag: "add", payload: 1 })
        return release
      })
      for (const release of releases) release()
      await all
      for (const pass of late.splice(0)) pass()
    }
  })
}

await measure("runtimes made and disposed", 5000, async (count) => {
  for (let i = 0; i < count; i++) {
    await using runtime = Runtime.make(Handled, { layer, trace: { level: "light", capacity: 64 } })
    resolve(runtime).unsafe.dispatch({ _tag: "add", payload: 1 })
  }
})

process.exitCode = failed === 0 ? 0 : 1

function* numbers(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n
}
