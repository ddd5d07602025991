/** A form of fifty controlled inputs; a key is pressed in one. */
import type { BenchPage } from "../BenchPage.ts"
import type { ReactWork, Step } from "../work.ts"
import { everyone, pagesOf } from "./contenders.ts"

const fields = 50
const keys = "abcdefghij"

let laps = 0

/** Presses the keys without waiting for one before the next, as someone does who types fast. */
const press = ({ cdp }: BenchPage): Promise<unknown> =>
  Promise.all(
    Array.from(keys).flatMap((key) => {
      const code = key.toUpperCase()
      const event = { key, code: `Key${code}`, windowsVirtualKeyCode: code.charCodeAt(0) }
      return [
        cdp.send("Input.dispatchKeyEvent", { ...event, type: "keyDown", text: key }),
        cdp.send("Input.dispatchKeyEvent", { ...event, type: "keyUp" })
      ]
    })
  )

/** Presses the keys, which are to be in the input then. */
const typing =
  (selector: string): Step["run"] =>
  async (page) => {
    const { page: it } = page
    const lap = `keys ${++laps}`
    await it.evaluate(
      ({ lap, selector }) => {
        const input = document.querySelector<HTMLInputElement>(selector)!
        input.select()
        globalThis.sluiceForm.arm(lap)
        globalThis.sluiceForm.rendered()
      },
      { lap, selector }
    )
    await press(page)
    const { rendered, value } = await it.evaluate(
      (selector) => ({
        rendered: globalThis.sluiceForm.rendered(),
        value: document.querySelector<HTMLInputElement>(selector)!.value
      }),
      selector
    )
    if (value !== keys) throw new Error(`${page.contender}: typed ${keys}, and it is ${value}`)
    return { "one key": { lap, parts: keys.length }, components: rendered / keys.length }
  }

const warmUp: Step = {
  figures: {},
  times: 10,
  run: async (page) => {
    await typing("input[name=field7]")(page)
    return {}
  }
}

export const form: ReactWork = {
  pages: pagesOf(everyone, "form", "page", (name) => `openForm(${name}, ${fields})`),
  style: "input { width: 8em }",
  steps: [
    warmUp,
    { figures: { "one key": "ns", components: "count" }, times: 20, run: typing("input[name=field23]") }
  ],
  baselines: ["React hooks"]
}
