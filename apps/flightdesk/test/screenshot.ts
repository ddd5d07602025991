/**
 * Takes the pictures of the desk, half way through the replay. By hand, from the workspace's root:
 *
 *     node apps/flightdesk/test/screenshot.ts
 *
 * docs/images/desk.png is the README's. With a folder as its argument it also takes the others, there.
 */
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { DeskBrowser, type OpenOptions } from "./openDesk.ts"

const images = fileURLToPath(new URL("../../../docs/images", import.meta.url))

const browser = await DeskBrowser.launch()

interface Picture extends OpenOptions {
  readonly file: string
  readonly airport?: string
  readonly view?: string
  readonly flights?: number
}

const take = async ({ airport, file, flights = 11_000, view, ...options }: Picture): Promise<void> => {
  const desk = await browser.open(options)
  const { page } = desk
  await page.getByRole("radio", { name: "Max" }).check()
  await page.getByRole("button", { name: "Play", exact: true }).click()
  await page.waitForFunction(
    (count) => {
      const { modules, runtime } = window.flightdesk
      return runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size >= count
    },
    flights,
    { timeout: 120_000 }
  )
  await page.getByRole("radio", { name: "10,000×" }).check()
  if (airport !== undefined) {
    await page.getByRole("form", { name: "Filter flights" }).getByLabel("Airport").selectOption(airport)
    await page.locator(".detail-panel .tile").first().waitFor()
  }
  if (view !== undefined) await page.getByRole("navigation").getByRole("button", { name: view }).click()
  await page.waitForFunction(
    (count) => {
      const { modules, runtime } = window.flightdesk
      return runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size >= count + 400
    },
    flights,
    { timeout: 120_000 }
  )
  await page.screenshot({ path: file })
  await desk.close()
}

await mkdir(images, { recursive: true })
const [folder] = process.argv.slice(2)
await take({ file: join(images, "desk.png"), width: 1280, height: 860 })
if (folder !== undefined) {
  await mkdir(folder, { recursive: true })
  const dark = { colorScheme: "dark", width: 1280, height: 860 } as const
  await take({ ...dark, file: join(folder, "dark.png"), airport: "ORD" })
  for (const view of ["Map", "Flights", "Airports", "Watch"]) {
    await take({ file: join(folder, `narrow-${view}.png`), width: 390, height: 844, view, flights: 2_000 })
  }
  await take({
    ...dark,
    file: join(folder, "narrow-dark.png"),
    width: 390,
    height: 844,
    view: "Watch",
    flights: 2_000
  })
}
await browser.close()
