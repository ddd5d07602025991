import { create } from "zustand"
import { empty, type StartForm } from "./app.tsx"

interface State {
  readonly values: Readonly<Record<string, string>>
  readonly type: (name: string, value: string) => void
}

export const zustand: StartForm = (names, useInput) => {
  const useForm = create<State>()((set) => ({
    values: empty(names),
    type: (name, value) => set(({ values }) => ({ values: { ...values, [name]: value } }))
  }))
  const Field = ({ name }: { readonly name: string }) => {
    const value = useForm(({ values }) => values[name]!)
    const type = useForm((state) => state.type)
    return useInput(name, value, (typed) => type(name, typed))
  }
  return () => names.map((name) => <Field key={name} name={name} />)
}
