/** A form of fifty controlled inputs; a key is pressed in one. */
import type { ReactWork, Step } from "../work.ts"
import { everyone, pagesOf } from "./contenders.ts"

const fields = 50
const keys = "abcdefghij"

let laps = 0

const field = (name: string): string => `input[name=${name}]`

/** Presses the key, which is to be in the input when all is done. */
const typing =
  (focused: string): Step["run"] =>
  async (page) => {
    const { page: it } = page
    const lap = `key ${++laps}`
    const key = keys[laps % keys.length]!
    const before = await it.evaluate(
      ({ lap, selector }) => {
        globalThis.sluiceForm.arm(lap)
        globalThis.sluiceForm.rendered()
        const input = document.querySelector<HTMLInputElement>(selector)!
        if (document.activeElement !== input) input.focus()
        return input.value
      },
      { lap, selector: focused }
    )
    await it.keyboard.press(key)
    const { rendered, value } = await it.evaluate(
      (selector) =>
        new Promise<{ rendered: number; value: string }>((resolve) => {
          const answer = () => {
            resolve({
              rendered: globalThis.sluiceForm.rendered(),
              value: document.querySelector<HTMLInputElement>(selector)!.value
            })
          }
          requestAnimationFrame(() => setTimeout(answer))
        }),
      focused
    )
    if (value !== before + key)
      throw new Error(`${page.contender}: typed ${key} after ${before}, and it is ${value}`)
    return { "one key": { lap }, components: rendered }
  }

const warmUp: Step = {
  figures: {},
  times: 100,
  run: async (page) => {
    await typing(field("field7"))(page)
    return {}
  }
}

export const form: ReactWork = {
  pages: pagesOf(everyone, "form", "page", (name) => `openForm(${name}, ${fields})`),
  style: "input { width: 8em }",
  steps: [
    warmUp,
    { figures: { "one key": "ns", components: "count" }, times: 40, run: typing(field("field23")) }
  ],
  baselines: ["React hooks"]
}
