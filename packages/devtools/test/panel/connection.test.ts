/** What a panel knows of a page that other panels use too, and of several runtimes. */
import * as Effect from "effect/Effect"
import { expect, onTestFinished, test } from "vitest"
import { pair } from "../../src/adapters/index.ts"
import { Connection } from "../../src/panel/modules/Connection.ts"
import { Travel } from "../../src/panel/modules/Travel.ts"
import { openSession } from "../../src/panel/session.ts"
import { connections } from "../../src/protocol/index.ts"
import { makePort, type Port } from "../../src/protocol/port.ts"
import { makeApp, serving } from "../protocol/remote.ts"

/** Passes messages on, those to the panel only so many milliseconds later. */
const slow = (port: Port, ms: number): Port => {
  const other = makePort({ send: port.send, close: port.close })
  port.onMessage((message) => setTimeout(() => other.received(message), ms))
  port.onClose(other.closed)
  return other.port
}

const open = (served: ReturnType<typeof serving>, ms?: number) => {
  const session = openSession(
    connections(
      Effect.sync(() => {
        const [page, panel] = pair()
        served.accept(page)
        return ms === undefined ? panel : slow(panel, ms)
      })
    )
  )
  onTestFinished(() => session.dispose())
  const connection = session.runtime.resolve(Connection.tag).unsafe
  const travel = session.runtime.resolve(Travel.tag).unsafe
  return { connection, travel }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test("a panel that comes later shows that another has sent the page into the past, and so does one that comes back", async () => {
  const { add, runtime } = makeApp({ trace: { level: "light" } })
  const other = makeApp({ trace: { level: "light" } })
  const served = serving([runtime, other.runtime])
  for (let n = 0; n < 5; n++) add(n)
  const first = open(served)
  await expect.poll(() => first.connection.getState().counts?.history.own).toBe(5)
  first.travel.dispatch({ _tag: "to", payload: 2 })
  await expect.poll(() => first.connection.getState().travel.travelling).toBe(true)
  await pause(600)
  const second = open(served)
  await expect.poll(() => second.connection.getState().travel.moment, { timeout: 2000 }).toBe(2)
  first.connection.dispatch({ _tag: "choose", payload: "r2" })
  expect(first.connection.getState().travel.travelling).toBe(false)
  await pause(600)
  first.connection.dispatch({ _tag: "choose", payload: "r1" })
  await expect.poll(() => first.connection.getState().travel.moment, { timeout: 2000 }).toBe(2)
})

test("what one runtime answers late is not shown of another, and what was not yet asked of it is not asked of the other", async () => {
  const [first, second] = [makeApp(), makeApp()]
  const served = serving([first.runtime, second.runtime])
  for (let n = 0; n < 5; n++) {
    first.add(1)
    second.add(1)
  }
  const { connection, travel } = open(served, 40)
  await expect.poll(() => connection.getState().counts?.history.own).toBe(5)
  travel.dispatch({ _tag: "to", payload: 2 })
  await pause(10)
  travel.dispatch({ _tag: "to", payload: 3 })
  connection.dispatch({ _tag: "choose", payload: "r2" })
  await expect.poll(() => first.count()).toBe(2)
  await pause(300)
  expect([travel.getState().pending, connection.getState().travel.travelling]).toEqual([0, false])
  expect([first.count(), second.count()]).toEqual([2, 5])
})
