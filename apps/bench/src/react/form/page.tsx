/** A contender's form, whose keystrokes are measured from their event to React's commit. */
import { createElement } from "react"
import { flushSync } from "react-dom"
import { createRoot } from "react-dom/client"
import { inputs, type StartForm } from "./app.tsx"

declare global {
  /** Written by `openForm`. */
  var sluiceForm: FormPage
}

export interface FormPage {
  /** The laps of the next keystrokes: each from the capture of its `input` event to the layout effects of React's commit. */
  readonly arm: (lap: string) => void
  /** How many fields have rendered since the last time it was asked. */
  readonly rendered: () => number
}

export const nameOf = (field: number): string => `field${field}`

export const openForm = (start: StartForm, fields: number): void => {
  let rendered = 0
  let lap: string | undefined
  const committed = () => {
    // Of a field that renders without having been typed into, and of the first render, there is no lap.
    if (lap !== undefined) performance.mark(`${lap}:end`)
    lap = undefined
  }
  const names = Array.from({ length: fields }, (_, field) => nameOf(field))
  const Form = start(
    names,
    inputs(() => rendered++, committed)
  )
  const root = createRoot(document.getElementById("main")!)
  flushSync(() => root.render(createElement("form", undefined, createElement(Form))))

  let armed = ""
  let part = 0
  addEventListener(
    "input",
    () => {
      lap = `${armed}.${part++}`
      performance.mark(`${lap}:start`)
    },
    { capture: true }
  )
  globalThis.sluiceForm = {
    arm: (next) => {
      armed = next
      part = 0
    },
    rendered: () => {
      const count = rendered
      rendered = 0
      return count
    }
  }
}
