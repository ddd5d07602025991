/** What handlers tell of themselves, as devtools find and read it. */
import { Module, Runtime } from "@sluice/core"
import * as Handled from "@sluice/core/Handled"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect, it } from "vitest"
import { disposing } from "./support.ts"

const letter = (id: string): HandlerActivity.DeadLetter => ({
  at: 0,
  handler: "Risk",
  instanceId: "Loan#1",
  id,
  action: { _tag: "assess" },
  error: "unreachable",
  attempts: 3,
  retry: Effect.void
})

const line = (text: string): HandlerActivity.HandlerConsole => ({
  _tag: "Console",
  at: 0,
  handler: "Risk",
  instanceId: undefined,
  level: "log",
  text
})

it("O1 keeps the newest, and counts exactly what was told and what is no longer kept", () => {
  const activity = HandlerActivity.of({})
  const { capacity } = HandlerActivity
  for (let n = 1; n <= capacity; n++) activity.tell(line(`${n}`))
  expect(activity.snapshot()).toMatchObject({ recorded: capacity, dropped: 0 })
  for (let n = 1; n <= 2 * capacity + 7; n++) activity.tell(line(`again ${n}`))
  const { dropped, events, recorded } = activity.snapshot()
  expect([recorded, dropped, events.length]).toEqual([3 * capacity + 7, 2 * capacity + 7, capacity])
  expect(events.at(0)).toEqual(line(`again ${capacity + 8}`))
  expect(events.at(-1)).toEqual(line(`again ${2 * capacity + 7}`))
})

it("dead letters stay until they are taken off, whatever else is told; who listens hears of each change", () => {
  const activity = HandlerActivity.of({})
  let told = 0
  const end = activity.subscribe(() => told++)
  activity.bury(letter("1"))
  activity.bury(letter("2"))
  for (let n = 0; n < 3 * HandlerActivity.capacity; n++) activity.tell(line(""))
  expect(activity.snapshot().deadLetters.map(({ id }) => id)).toEqual(["1", "2"])
  activity.unbury("1")
  activity.unbury("unknown")
  expect(activity.snapshot().deadLetters.map(({ id }) => id)).toEqual(["2"])
  expect(told).toBe(3 + 3 * HandlerActivity.capacity)
  end()
  activity.unbury("2")
  expect(told).toBe(3 + 3 * HandlerActivity.capacity)
})

it("of more dead letters than are kept the oldest go, counted", () => {
  const activity = HandlerActivity.of({})
  const { capacity } = HandlerActivity
  for (let n = 0; n < capacity; n++) activity.bury(letter(`${n}`))
  // A retry of one that is there is no other
  activity.bury(letter("0"))
  expect(activity.snapshot()).toMatchObject({ lettersDropped: 0, deadLetters: { length: capacity } })
  for (const id of ["more", "most"]) activity.bury(letter(id))
  const { deadLetters, lettersDropped } = activity.snapshot()
  expect([lettersDropped, deadLetters.length]).toEqual([2, capacity])
  expect([deadLetters.at(0)?.id, deadLetters.at(-1)?.id]).toEqual(["2", "most"])
})

it("is one for each runtime: that of all its instances, which devtools find by the runtime", () => {
  const Loan = Module.make("Loan", {
    state: Schema.Struct({ rate: Schema.Finite }),
    actions: { assess: Schema.Finite }
  })
  const telling = HandlerPort.inline({
    compute: (state: { readonly rate: number }, rate: number, _, { host }) => {
      HandlerActivity.of(host).tell(line(`rate ${rate}`))
      return { ...state, rate }
    }
  })
  const LoanLive = Loan.implement({ initial: { rate: 0 }, handlers: { assess: telling } })
  const [first, second] = [disposing(Runtime.make(LoanLive)), disposing(Runtime.make(LoanLive))]
  first.resolve(Loan.tag).unsafe.dispatch({ _tag: "assess", payload: 3 })
  expect(Handled.activityOf(first)?.snapshot().events).toEqual([line("rate 3")])
  expect(Handled.activityOf(first)).toBe(Handled.activityOf(first))
  expect(Handled.activityOf(second)?.snapshot().events).toEqual([])
  expect(Handled.activityOf(disposing(Runtime.make([])))).toBeUndefined()
})
