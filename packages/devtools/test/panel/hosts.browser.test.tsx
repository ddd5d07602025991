/** What an app mounts: for one runtime or several, with a panel of its own or without, and for the extension or not. */
import { expect, test } from "vitest"
import { page } from "vitest/browser"
import { findPages } from "../../src/extension.ts"
import { makeApp, mount } from "./support.tsx"

/** How many pages of this window let an extension in, as its content script finds them. */
const askForPages = async (): Promise<number> => {
  await settled()
  const found = new Set<string>()
  const pages = findPages(window, (page) => found.add(page))
  pages.ask()
  // The question, then the answers.
  await settled()
  await settled()
  pages.end()
  return found.size
}

/** What this window has said to itself until now has been heard. */
const settled = () =>
  new Promise<void>((resolve) => {
    const onMessage = ({ data }: MessageEvent<unknown>) => {
      if (data !== "settled") return
      window.removeEventListener("message", onMessage)
      resolve()
    }
    window.addEventListener("message", onMessage)
    window.postMessage("settled", { targetOrigin: "*" })
  })

test("of two runtimes one is shown, the other is chosen, and travel leads that one only", async () => {
  const [shop, account] = [makeApp({ label: "shop" }), makeApp({ label: "account" })]
  mount({ runtime: [shop.runtime, account.runtime], initialOpen: true })
  for (let i = 0; i < 2; i++) shop.counter.unsafe.dispatch({ _tag: "add", payload: 1 })
  for (let i = 0; i < 3; i++) account.counter.unsafe.dispatch({ _tag: "add", payload: 1 })
  const panel = page.getByRole("region", { name: "Sluice devtools for shop, account" })
  const rows = panel.getByRole("listbox", { name: "Transactions" }).getByRole("option")
  await expect.poll(() => rows.elements().length).toBe(2)
  await panel.getByRole("combobox", { name: "Runtime" }).selectOptions("account")
  await expect.poll(() => rows.elements().length).toBe(3)
  await rows.first().dblClick()
  await expect.poll(() => account.counter.unsafe.getState().count).toBe(1)
  expect(shop.counter.unsafe.getState().count).toBe(2)
})

test("without a panel of its own the page has none, and the extension is let in", async () => {
  mount({ runtime: makeApp().runtime, panel: false })
  expect(document.querySelector("sluice-devtools")).toBeNull()
  expect(await askForPages()).toBe(1)
})

test("with extension={false} nobody is let in; once unmounted, nor is anybody", async () => {
  mount({ runtime: makeApp().runtime, extension: false })
  expect(await askForPages()).toBe(0)
  const unmount = mount({ runtime: makeApp().runtime })
  expect(await askForPages()).toBe(1)
  unmount()
  expect(await askForPages()).toBe(0)
})
