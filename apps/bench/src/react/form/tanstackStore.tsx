import { createStore, useSelector } from "@tanstack/react-store"
import { empty, type StartForm } from "./app.tsx"

export const tanstackStore: StartForm = (names, useInput) => {
  const form = createStore(empty(names), ({ setState }) => ({
    type: (name: string, value: string) => setState((values) => ({ ...values, [name]: value }))
  }))
  const Field = ({ name }: { readonly name: string }) => {
    const value = useSelector(form, (values) => values[name]!)
    return useInput(name, value, (typed) => form.actions.type(name, typed))
  }
  return () => names.map((name) => <Field key={name} name={name} />)
}
