import { expect, test } from "vitest"
import { page } from "vitest/browser"
import { makeApp, mount, panel } from "./support.tsx"

const isLoaded = (file: string) =>
  performance.getEntriesByType("resource").some((resource) => resource.name.includes(file))

test("the panel is loaded when it is opened, not before", async () => {
  const { runtime } = makeApp()
  mount({ runtime })
  const opener = page.getByRole("button", { name: "Open Sluice devtools for test app" })
  await expect.element(opener).toBeVisible()
  expect(isLoaded("/src/Shell.tsx")).toBe(true)
  for (const file of ["/src/Panel.tsx", "/src/model.ts", "/src/timeline.ts", "react-virtual"])
    expect(isLoaded(file)).toBe(false)
  await opener.click()
  await expect.element(panel).toBeVisible()
  expect(isLoaded("/src/Panel.tsx")).toBe(true)
})
