/** What the devtools do on a page, whatever its components are and do. */
import { Component, type ReactNode, useRef } from "react"
import { flushSync } from "react-dom"
import { createRoot } from "react-dom/client"
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { page } from "vitest/browser"
import { SluiceDevtools } from "../../src/index.ts"
import { findReaders } from "../../src/protocol/readers.ts"
import { makeApp } from "./support.tsx"

const show = () => {
  const container = document.createElement("div")
  document.body.append(container)
  const root = createRoot(container)
  onTestFinished(() => {
    root.unmount()
    container.remove()
  })
  return (node: ReactNode) => flushSync(() => root.render(node))
}

test("a runtime that comes is served, one that goes is not, and the same ones again are the same", async () => {
  const [one, two] = [makeApp({ label: "one" }), makeApp({ label: "two" })]
  const render = show()
  const opener = (labels: string) =>
    page.getByRole("button", { name: `Open Sluice devtools for ${labels}`, exact: true })
  render(<SluiceDevtools runtime={[one.runtime]} />)
  await expect.element(opener("one")).toBeVisible()
  render(<SluiceDevtools runtime={[one.runtime, two.runtime]} />)
  await expect.element(opener("one, two")).toBeVisible()
  const host = document.querySelector("sluice-devtools")
  render(<SluiceDevtools runtime={[one.runtime, two.runtime]} />)
  expect(document.querySelector("sluice-devtools")).toBe(host)
  render(<SluiceDevtools runtime={two.runtime} />)
  await expect.element(opener("two")).toBeVisible()
  expect(document.querySelectorAll("sluice-devtools")).toHaveLength(1)
})

const Cart = Module.make("Cart", { state: Schema.Struct({ total: Schema.Number }), actions: {} })

interface Round {
  next: Round | undefined
}

class InCircle extends Component<object, Round> {
  override state: Round = { next: undefined }

  constructor(props: object) {
    super(props)
    this.state.next = this.state
  }

  override render() {
    return null
  }
}

test("readers are found beside components that hold what will not be looked at", () => {
  const runtime = Runtime.make(Cart.implement({ initial: { total: 3 } }))
  onTestFinished(() => runtime.dispose())
  const refuse = (): never => {
    throw new Error("not to be looked at")
  }
  const Holds = () => {
    useRef({
      get selector() {
        return refuse()
      }
    })
    useRef(new Proxy({}, { get: refuse, getOwnPropertyDescriptor: refuse }))
    return null
  }
  const Total = () => <output>{useSelector(useModule(Cart), (state) => state.total)}</output>
  show()(
    <RuntimeProvider runtime={runtime}>
      <Holds />
      <InCircle />
      <Total />
    </RuntimeProvider>
  )
  expect(findReaders(runtime)).toMatchObject({
    complete: true,
    readers: [{ component: "Total", instanceIds: ["Cart#1"], count: 1 }]
  })
})
