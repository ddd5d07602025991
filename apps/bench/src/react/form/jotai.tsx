import { atom, createStore, type PrimitiveAtom, Provider, useAtom } from "jotai"
import type { StartForm } from "./app.tsx"

/** An atom for each field. */
export const jotai: StartForm = (names, useInput) => {
  const store = createStore()
  const fields = names.map((name) => ({ name, field: atom("") }))
  const Field = (props: { readonly name: string; readonly field: PrimitiveAtom<string> }) => {
    const [value, setValue] = useAtom(props.field)
    return useInput(props.name, value, setValue)
  }
  return () => (
    <Provider store={store}>
      {fields.map(({ field, name }) => (
        <Field key={name} name={name} field={field} />
      ))}
    </Provider>
  )
}
