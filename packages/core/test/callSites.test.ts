/** Where entries were made. */
import { Runtime } from "@sluice/core"
import * as CallSites from "@sluice/core/CallSites"
import * as Effect from "effect/Effect"
import { expect, test } from "vitest"
import { Counter, type CounterContext, disposing, grab, idle, zero } from "./support.ts"

const setup = () => {
  const grabbed = grab()
  const runtime = disposing(
    Runtime.make(Counter.implement({ initial: zero, logics: [grabbed.logic] }), { onError: () => {} })
  )
  const counter = runtime.resolve(Counter.tag)
  return { runtime, counter, $: (): CounterContext => grabbed.$, sites: CallSites.keep(runtime) }
}

/** Which function of this file made each transaction. */
const makers = ({ of }: CallSites.CallSites, count: number) =>
  Array.from(
    { length: count },
    (_, i) => /^ +at (\w+) .*callSites\.test/m.exec(of(`Counter#1::t${i + 1}`) ?? "")?.[1]
  )

test("a synchronous entry has the stack of its caller, also one that waited for its turn", () => {
  const { counter, sites } = setup()
  const listen = () => {
    let left = 1
    return () => {
      const dispatchAgain = () => counter.unsafe.dispatch({ _tag: "increment" })
      if (left-- > 0) dispatchAgain()
    }
  }
  counter.unsafe.subscribe(listen())
  const dispatchFirst = () => counter.unsafe.dispatch({ _tag: "increment" })
  const writeAll = () => counter.unsafe.transact("all", (tx) => tx.update((state) => ({ ...state })))
  const failOne = () => counter.unsafe.dispatch({ _tag: "boom" })
  dispatchFirst()
  writeAll()
  expect(failOne).toThrow("boom")
  expect(makers(sites, 4)).toEqual(["dispatchFirst", "dispatchAgain", "writeAll", "failOne"])
})

test("an entry that a fiber makes has the stack of whoever described it", async () => {
  const { $, counter, runtime, sites } = setup()
  function* program() {
    yield* counter.actions.increment()
    yield* $().state.update((state) => ({ ...state, count: 7 }))
  }
  await runtime.runPromise(Effect.gen(program))
  expect(makers(sites, 2)).toEqual(["program", "program"])
})

test("only the newest are kept, and none once it has ended", async () => {
  const { counter, runtime, sites } = setup()
  sites.end()
  const few = CallSites.keep(runtime, { capacity: 2 })
  for (let i = 0; i < 4; i++) counter.unsafe.dispatch({ _tag: "add", payload: i })
  await idle()
  expect([1, 2, 3, 4].map((n) => few.of(`Counter#1::t${n}`) !== undefined)).toEqual([
    false,
    false,
    true,
    true
  ])
  few.end()
  counter.unsafe.dispatch({ _tag: "increment" })
  expect([3, 4, 5].map((n) => few.of(`Counter#1::t${n}`))).toEqual([undefined, undefined, undefined])
})
