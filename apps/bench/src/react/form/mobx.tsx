import { makeAutoObservable } from "mobx"
import { observer } from "mobx-react-lite"
import { empty, type StartForm } from "./app.tsx"

class Form {
  readonly values: Record<string, string>

  constructor(names: ReadonlyArray<string>) {
    this.values = { ...empty(names) }
    makeAutoObservable(this)
  }

  type(name: string, value: string) {
    this.values[name] = value
  }
}

export const mobx: StartForm = (names, useInput) => {
  const form = new Form(names)
  const Field = observer(({ name }: { readonly name: string }) =>
    useInput(name, form.values[name]!, (value) => form.type(name, value))
  )
  return () => names.map((name) => <Field key={name} name={name} />)
}
