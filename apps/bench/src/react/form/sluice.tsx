import { Module, Runtime } from "@sluice/core"
import { type RefOf, RuntimeProvider, useModule, useSelector } from "@sluice/react"
import * as Schema from "effect/Schema"
import { empty, type StartForm } from "./app.tsx"

const start =
  (concurrent: boolean): StartForm =>
  (names, useInput) => {
    const Form = Module.make("Form", {
      state: Schema.Struct(Object.fromEntries(names.map((name) => [name, Schema.String]))),
      actions: { type: Schema.Struct({ name: Schema.String, value: Schema.String }) },
      reducers: { type: (values, { name, value }) => ({ ...values, [name]: value }) }
    })
    const FormLive = Form.implement({ initial: empty(names) })
    const runtime = Runtime.make([])
    const Field = ({ form, name }: { readonly form: RefOf<typeof Form>; readonly name: string }) => {
      const value = useSelector(form, (values) => values[name]!)
      return useInput(name, value, (typed) => form.actions.type({ name, value: typed }))
    }
    /** The form's own instance. */
    const Fields = () => {
      const form = useModule(FormLive)
      return names.map((name) => <Field key={name} name={name} form={form} />)
    }
    return () => (
      <RuntimeProvider runtime={runtime} concurrent={concurrent}>
        <Fields />
      </RuntimeProvider>
    )
  }

export const sluice = start(false)
export const sluiceConcurrent = start(true)
