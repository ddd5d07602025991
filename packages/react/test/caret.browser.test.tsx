import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { expect, test, vi } from "vitest"
import { userEvent } from "vitest/browser"
import { useModule, useSelector } from "../src/index.ts"
import { make, render, RuntimeProvider } from "./support.tsx"

const Form = Module.make("Form", {
  state: Schema.Struct({ name: Schema.String, city: Schema.String }),
  actions: { name: Schema.String, city: Schema.String },
  reducers: {
    name: (form, name) => ({ ...form, name }),
    city: (form, city) => ({ ...form, city: city.toUpperCase() })
  }
})
const FormLive = Form.implement({ initial: { name: "Ada Byron", city: "LONDON" } })

const Field = ({ name }: { readonly name: "name" | "city" }) => {
  const form = useModule(Form)
  const value = useSelector(form, (values) => values[name])
  return <input name={name} value={value} onChange={(event) => form.actions[name](event.target.value)} />
}

const open = () => {
  const runtime = make(Runtime.make(FormLive))
  const { container } = render(
    <RuntimeProvider runtime={runtime}>
      <Field name="name" />
      <Field name="city" />
    </RuntimeProvider>
  )
  const input = (name: string) => container.querySelector<HTMLInputElement>(`input[name=${name}]`)!
  const place = (name: string, at: number) => {
    input(name).focus()
    input(name).setSelectionRange(at, at)
  }
  return { input, place, form: runtime.resolve(Form.tag) }
}

test("a controlled input keeps its caret: keys pressed in the middle of a text stay together", async () => {
  const { form, input, place } = open()
  place("name", 3)
  await userEvent.keyboard(" Lovelace")
  await vi.waitFor(() => expect(form.unsafe.getState().name).toBe("Ada Lovelace Byron"))
  const { selectionEnd, selectionStart, value } = input("name")
  expect([value, selectionStart, selectionEnd]).toEqual(["Ada Lovelace Byron", 12, 12])
})

test("a controlled input keeps its caret where a key deletes, and where a selection is typed over", async () => {
  const { input, place } = open()
  place("name", 4)
  await userEvent.keyboard("{Backspace}{Delete}X")
  await vi.waitFor(() => expect(input("name").value).toBe("AdaXyron"))
  expect(input("name").selectionStart).toBe(4)
  input("name").setSelectionRange(1, 3)
  await userEvent.keyboard("ab")
  await vi.waitFor(() => expect(input("name").value).toBe("AabXyron"))
  expect(input("name").selectionStart).toBe(3)
})

test("what the reducer makes of the text is shown; the caret is where the browser puts it with another text", async () => {
  const { input, place } = open()
  place("city", 6)
  await userEvent.keyboard("den")
  await vi.waitFor(() => expect(input("city").value).toBe("LONDONDEN"))
  expect(input("city").selectionStart).toBe(9)
})

test("a commit to another field leaves the caret of the focused one", async () => {
  const { form, input, place } = open()
  place("name", 3)
  form.unsafe.dispatch({ _tag: "city", payload: "Bath" })
  await vi.waitFor(() => expect(input("city").value).toBe("BATH"))
  await userEvent.keyboard("!")
  await vi.waitFor(() => expect(input("name").value).toBe("Ada! Byron"))
  expect(input("name").selectionStart).toBe(4)
})
