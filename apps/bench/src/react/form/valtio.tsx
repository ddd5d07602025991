import { proxy, useSnapshot } from "valtio"
import { empty, type StartForm } from "./app.tsx"

export const valtio: StartForm = (names, useInput) => {
  const form: Record<string, string> = proxy({ ...empty(names) })
  const Field = ({ name }: { readonly name: string }) => {
    // In sync, as its documentation says for inputs: without it the caret jumps to the end.
    const snapshot = useSnapshot(form, { sync: true })
    return useInput(name, snapshot[name]!, (value) => (form[name] = value))
  }
  return () => names.map((name) => <Field key={name} name={name} />)
}
