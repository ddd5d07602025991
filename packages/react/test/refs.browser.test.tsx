/** A ref that is shown elsewhere than below the provider that has made it. */
import { useState } from "react"
import type { ReactNode } from "react"
import { hydrateRoot } from "react-dom/client"
import { renderToString } from "react-dom/server.browser"
import { flushSync } from "react-dom"
import { expect, test, vi } from "vitest"
import { type RefOf, useModule, useSelector } from "../src/index.ts"
import { onCleanup, render, RuntimeProvider } from "./support.tsx"
import { finallyShows, Left, LeftCount, makeApp, open, shown, urgently } from "./transitions.tsx"

type LeftRef = RefOf<typeof Left>

/** Gives the ref of the provider around it to who is elsewhere. */
const Take = ({ take }: { readonly take: (ref: LeftRef) => void }) => {
  take(useModule(Left))
  return null
}

const Count = ({ of }: { readonly of: LeftRef }) => (
  <i title="elsewhere">{useSelector(of, ({ count }) => count)}</i>
)

test("outside of the provider, mounted while a transition is pending: the truth when the provider leaves", async () => {
  let ref: LeftRef | undefined
  const { left, pend, unmount } = open(<Take take={(taken) => (ref = taken)} />, <LeftCount />)
  await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
  const { container, rerender } = render(<Count of={ref!} />)
  unmount()
  await finallyShows(container, "elsewhere", "1")
  urgently(() => left.dispatch({ _tag: "add", payload: 1 }))
  expect(shown(container, "elsewhere")).toBe("2")
  rerender(<b />)
})

test("another provider's, in a component of a page that a server has rendered", () => {
  const [one, other] = [makeApp(), makeApp()]
  other.left.dispatch({ _tag: "add", payload: 5 })
  let ref: LeftRef | undefined
  render(
    <RuntimeProvider runtime={other.runtime}>
      <Take take={(taken) => (ref = taken)} />
    </RuntimeProvider>
  )
  const Either = () => {
    const own = useModule(Left)
    const [given, give] = useState<LeftRef>()
    return (
      <button onClick={() => give(() => ref)}>
        <Count of={given ?? own} />
      </button>
    )
  }
  const page: ReactNode = (
    <RuntimeProvider runtime={one.runtime}>
      <Either />
    </RuntimeProvider>
  )
  const container = document.createElement("div")
  container.innerHTML = renderToString(page)
  // React 18 warns of layout effects, which are a browser's, on what it takes for a server.
  vi.mocked(console.error).mockClear()
  const root = flushSync(() => hydrateRoot(container, page))
  onCleanup(() => flushSync(() => root.unmount()))
  urgently(() => one.left.dispatch({ _tag: "add", payload: 1 }))
  expect(shown(container, "elsewhere")).toBe("1")
  urgently(() => container.querySelector("button")?.click())
  expect(shown(container, "elsewhere")).toBe("5")
  urgently(() => other.left.dispatch({ _tag: "add", payload: 1 }))
  expect(shown(container, "elsewhere")).toBe("6")
})
