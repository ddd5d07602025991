/** Panels that go without a word. */
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { pair } from "../../src/adapters/index.ts"
import { type Port, version } from "../../src/protocol/index.ts"
import { makeApp, open, serving } from "./remote.ts"

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** Says hello, asks for travel to the beginning, and then nothing more. */
const goSilent = (port: Port): { readonly heard: Array<unknown>; readonly isClosed: () => boolean } => {
  const heard: Array<unknown> = []
  let closed = false
  port.onMessage((message) => heard.push(message))
  port.onClose(() => (closed = true))
  port.send({ _tag: "Hello", version })
  port.send({ _tag: "Request", id: 1, call: { _tag: "Travel", runtime: "r1", moment: 0 } })
  return { heard, isClosed: () => closed }
}

test("one that answers nothing is closed, and what it travelled is live again", async () => {
  const app = makeApp()
  const served = serving(app.runtime)
  app.add(1)
  const [page, panel] = pair()
  served.accept(page)
  const { heard, isClosed } = goSilent(panel)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(heard.filter((message) => JSON.stringify(message) === '{"_tag":"Ping"}')).toHaveLength(3)
  expect([served.panels(), isClosed(), app.count()]).toEqual([1, false, 0])
  await vi.advanceTimersByTimeAsync(10_000)
  expect([served.panels(), isClosed(), app.count()]).toEqual([0, true, 1])
  expect(vi.getTimerCount()).toBe(0)
})

test("one that has nothing to say stays for hours", async () => {
  const served = serving(makeApp().runtime)
  const [page, panel] = pair()
  served.accept(page)
  const { remote } = await open(panel)
  await vi.advanceTimersByTimeAsync(2 * 3600_000)
  expect([served.panels(), remote.refused()]).toEqual([1, { messages: 0, last: undefined }])
})

test("a page that stood still counts no silence that it could not hear", async () => {
  const served = serving(makeApp().runtime)
  const [page, panel] = pair()
  served.accept(page)
  goSilent(panel)
  await vi.advanceTimersByTimeAsync(35_000)
  // At a breakpoint: clocks go on, timers do not.
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 3600_000)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(served.panels()).toBe(1)
})

test("the page says goodbye to one of its panels, and keeps the other", async () => {
  const served = serving(makeApp().runtime)
  const [[page, panel], [otherPage, other]] = [pair(), pair()]
  const goodbye = served.accept(page)
  served.accept(otherPage)
  const { isClosed } = goSilent(panel)
  await open(other)
  goodbye()
  goodbye()
  await vi.advanceTimersByTimeAsync(0)
  expect([served.panels(), isClosed()]).toEqual([1, true])
})
