import { Module, Runtime } from "@sluice/core"
import { TestRuntime } from "@sluice/testing"
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { account, owner } from "old-schemas"
import assert from "node:assert/strict"
import { renderToString } from "react-dom/server"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number, last: Schema.Number }),
  actions: { increment: Schema.Void, add: Schema.Number },
  reducers: {
    increment: (state) => ({ ...state, count: state.count + 1 }),
    add: (state, by) => ({ ...state, count: state.count + by })
  }
})

const Remember = Counter.logic("remember", ($) =>
  Effect.gen(function* () {
    yield* $.onAction("add").run((by) => $.state.update((state) => ({ ...state, last: by })))
  })
)

const CounterLive = Counter.implement({ initial: { count: 0, last: 0 }, logics: [Remember] })

const View = () => {
  const counter = useModule(Counter)
  const count: number = useSelector(counter, (state) => state.count)
  return <output>{count}</output>
}

const runtime = Runtime.make(CounterLive, { label: "consumer" })

const final = await runtime.runPromise(
  Effect.gen(function* () {
    const counter = yield* Counter.tag
    yield* counter.actions.increment()
    yield* counter.actions.add(41)
    // @ts-expect-error: a payload has the type of its schema
    const wrong = () => counter.actions.add("41")
    assert.equal(typeof wrong, "function")
    return yield* counter.getState
  })
)
assert.equal(final.count, 42)

const html = renderToString(
  <RuntimeProvider runtime={runtime}>
    <View />
  </RuntimeProvider>
)
assert.equal(html, "<output>42</output>")

await assert.rejects(import("@sluice/core/internal/fifo" as string), {
  code: "ERR_PACKAGE_PATH_NOT_EXPORTED"
})

const Account = Module.make("Account", {
  state: account,
  actions: { rename: owner },
  reducers: { rename: (state, to) => ({ ...state, owner: to }) }
})
await using test = TestRuntime.make(Account.implement({ initial: { owner: "Ada", opened: new Date(0) } }))
test.resolve(Account.tag).unsafe.dispatch({ _tag: "rename", payload: "Grace" })
await test.settled()
assert.deepEqual(
  test.recorder.of(Account).map(({ next }) => next.owner),
  ["Grace"]
)
assert.deepEqual(test.dehydrate().instances[0]?.state, { owner: "Grace", opened: "1970-01-01T00:00:00.000Z" })

// What it is given is its state. How often it was called it keeps to itself, in a global, and answers.
const code =
  "AGFzbQEAAAABDgJgAX8Bf2AEf39/fwF/AwMCAAEFAwEAAQYMAn8BQQALfwFBgAgLBxMCBWFsbG9jAAAHcmVxdWVzdAABCkYCCwAj" +
  "ASMBIABqJAELOAAjAEEBaiQAQYAIJAFBwABBMCMAajoAAEEEIAI2AgBBCCADNgIAQQxBwAA2AgBBEEEBNgIAQQAL"
const Total = Schema.Struct({ total: Schema.Finite })
const Tally = Handler.define({
  name: "Tally",
  abi: "core",
  source: Uint8Array.from(atob(code), (char) => char.charCodeAt(0)),
  sha256: "bf3e60c72953beabfebccc1a37a8ba3d7fbb9377f7d1ff54453fea74dfec1b62",
  state: Total,
  params: Total,
  response: Schema.Finite
})
const Ledger = Module.make("Ledger", { state: Total, actions: { put: Total } })
const ledgers = Runtime.make(
  Ledger.implement({ initial: { total: 0 }, handlers: { put: Tally }, imports: [Tally.layer] })
)
await ledgers.ready
const ledger = ledgers.resolve(Ledger.tag)
await ledgers.runPromise(ledger.actions.put({ total: 10 }))
assert.equal(await ledgers.runPromise(Tally.on(ledger).request("put", { total: 25 })), 2)
await ledgers.dispose()

await runtime.dispose()
console.log("the tarballs install, type-check and run")
