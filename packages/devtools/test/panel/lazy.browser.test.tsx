import { expect, test } from "vitest"
import { page } from "vitest/browser"
import { makeApp, mount, panel } from "./support.tsx"

const isLoaded = (file: string) =>
  performance.getEntriesByType("resource").some((resource) => resource.name.includes(file))

test("the panel is loaded when it is opened, not before", async () => {
  // A browser remembers 250, which the panel's own files pass
  performance.setResourceTimingBufferSize(5000)
  const { runtime } = makeApp()
  mount({ runtime })
  const opener = page.getByRole("button", { name: "Open Sluice devtools for test app" })
  await expect.element(opener).toBeVisible()
  expect(isLoaded("/host/Shell.tsx")).toBe(true)
  for (const file of ["/panel/Panel.tsx", "/panel/session.ts", "/modules/Timeline.ts", "react-virtual"])
    expect(isLoaded(file)).toBe(false)
  await opener.click()
  await expect.element(panel).toBeVisible()
  expect(isLoaded("/panel/Panel.tsx")).toBe(true)
})
