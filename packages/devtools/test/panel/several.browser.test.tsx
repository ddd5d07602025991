/** A panel that is shown another runtime, or is looked at by keys in its inputs. */
import { expect, onTestFinished, test } from "vitest"
import { page, userEvent } from "vitest/browser"
import { focused, makeApp, mount } from "./support.tsx"

const both = page.getByRole("region", { name: "Sluice devtools for test app, test app" })
const runtimes = both.getByRole("combobox", { name: "Runtime" })
const bar = both.getByRole("toolbar", { name: "Travel" })
const entries = both.getByRole("listbox", { name: "Transactions" })
const button = (name: string) => both.getByRole("button", { name, exact: true })
const tab = (name: string) => both.getByRole("tab", { name, exact: true })
const selected = () => entries.getByRole("option", { selected: true }).elements()[0]

const openTwo = async (adds: readonly [number, number]) => {
  const apps = [makeApp(), makeApp()] as const
  mount({ runtime: [apps[0].runtime, apps[1].runtime], initialOpen: true, history: 50 })
  await expect.element(entries).toBeVisible()
  for (const [index, app] of apps.entries())
    for (let by = 0; by < (adds[index] ?? 0); by++) app.counter.unsafe.dispatch({ _tag: "add", payload: 1 })
  await expect.element(entries.getByRole("option").last()).toHaveAttribute("aria-setsize", `${adds[0]}`)
  const count = (of: 0 | 1) => apps[of].counter.unsafe.getState().count
  return { apps, count }
}

test("a link in the address is followed once: the user then chooses another runtime, and another entry", async () => {
  onTestFinished(() => history.replaceState(null, "", location.pathname + location.search))
  await openTwo([5, 3])
  location.hash = "#sluice=r1/Counter%231%3A%3At2"
  await expect.poll(() => selected()?.ariaPosInSet).toBe("2")
  await entries.click()
  await userEvent.keyboard("{End}")
  await expect.poll(() => selected()?.ariaPosInSet).toBe("5")
  await runtimes.selectOptions("r2")
  await expect.element(entries.getByRole("option").last()).toHaveAttribute("aria-setsize", "3")
  await expect.element(runtimes).toHaveValue("r2")
  location.hash = ""
  location.hash = "#sluice=r1/Counter%231%3A%3At2"
  await expect.element(runtimes).toHaveValue("r1")
  await expect.poll(() => selected()?.ariaPosInSet).toBe("2")
  await button("Close devtools").click()
  await page.getByRole("button", { name: /^Open Sluice/ }).click()
  await runtimes.selectOptions("r2")
  await expect.element(entries.getByRole("option").last()).toHaveAttribute("aria-setsize", "3")
})

test("playing goes on in no other runtime than the one that it began in", async () => {
  const { count } = await openTwo([6, 30])
  await bar.getByRole("button", { name: /^Speed/ }).click()
  await button("Play").click()
  await expect.poll(() => count(0)).toBe(1)
  await runtimes.selectOptions("r2")
  await expect.element(runtimes).toHaveValue("r2")
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(count(1)).toBe(30)
  await expect.element(button("Play")).toBeVisible()
})

test("the one instance that travels is one of the runtime that is shown", async () => {
  const { count, apps } = await openTwo([3, 3])
  await button("More").click()
  const one = both.getByRole("combobox", { name: "Travel and lock" })
  await one.selectOptions("Log#1")
  await runtimes.selectOptions("r2")
  await expect.element(one).toHaveValue("")
  await button("Step back").click()
  await expect.poll(() => count(1)).toBe(2)
  expect(apps[0].counter.unsafe.getState().count).toBe(3)
})

test("Alt with an arrow goes through time from a tab, and through the words of an input", async () => {
  const { count } = await openTwo([4, 0])
  await tab("Timeline").click()
  await userEvent.keyboard("{Alt>}{ArrowLeft}{/Alt}")
  await expect.poll(() => count(0)).toBe(3)
  await expect.element(tab("Timeline")).toHaveAttribute("aria-selected", "true")
  const search = both.getByRole("searchbox")
  await search.fill("two words")
  await userEvent.keyboard("{Alt>}{ArrowLeft}{/Alt}")
  expect(focused()).toBe(search.element())
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(count(0)).toBe(3)
})

test("a state that cannot be told any more is not told as another one", async () => {
  const { apps } = await openTwo([2, 0])
  await entries.click()
  await userEvent.keyboard("{Home}")
  await expect.poll(() => selected()?.ariaPosInSet).toBe("1")
  await tab("State").click()
  await both.getByRole("combobox", { name: "Instance" }).selectOptions("Counter#1")
  const count = both.getByRole("treeitem", { name: /^count/ })
  await expect.element(count).toHaveAccessibleName(/2$/)
  for (let by = 0; by < 60; by++) apps[0].counter.unsafe.dispatch({ _tag: "add", payload: 1 })
  await expect.element(count).toHaveAccessibleName(/62$/)
  await both.getByRole("combobox", { name: "Moment" }).selectOptions("selected")
  await expect.element(both.getByRole("alert").first()).toBeVisible()
  await expect.poll(() => count.elements()).toEqual([])
})

test("a runtime that was left in the past is shown as such when it is chosen again", async () => {
  const { count } = await openTwo([3, 3])
  await button("Step back").click()
  await expect.poll(() => count(0)).toBe(2)
  await expect.element(both.getByText(/Showing the past/)).toBeVisible()
  // The page has told all that it tells by itself.
  await new Promise((resolve) => setTimeout(resolve, 600))
  await runtimes.selectOptions("r2")
  await expect.poll(() => both.getByText(/Showing the past/).elements()).toEqual([])
  await runtimes.selectOptions("r1")
  await expect.element(both.getByText(/Showing the past/)).toBeVisible()
  await button("Back to live").click()
  await expect.poll(() => count(0)).toBe(3)
})

test("moments that are compared are those of the runtime that is shown", async () => {
  await openTwo([2, 3])
  await runtimes.selectOptions("r2")
  await expect.element(entries.getByRole("option").last()).toHaveAttribute("aria-setsize", "3")
  await tab("Diff").click()
  await tab("Two moments").click()
  const first = both.getByRole("spinbutton", { name: "A", exact: true })
  await first.fill("3")
  await expect.element(both.getByText("All states are the same at both moments.")).toBeVisible()
  await runtimes.selectOptions("r1")
  await tab("Two moments").click()
  await expect.element(first).toHaveValue(0)
  await expect.poll(() => both.getByRole("alert").elements()).toEqual([])
  await first.fill("9")
  await expect.element(both.getByRole("alert")).toMatchTextContent(/9 is not in it. Choose one that/)
  await runtimes.selectOptions("r2")
  await expect.element(first).toHaveValue(3)
})

test("a link that is pasted into the filter leads to the runtime that it is of", async () => {
  await openTwo([5, 3])
  await both.getByRole("searchbox").fill("https://shop.example/#sluice=r2/Counter%231%3A%3At2")
  await expect.element(runtimes).toHaveValue("r2")
  await expect.poll(() => selected()?.ariaPosInSet).toBe("2")
  await runtimes.selectOptions("r1")
  await expect.element(entries.getByRole("option").last()).toHaveAttribute("aria-setsize", "5")
})
