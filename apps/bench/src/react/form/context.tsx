import { createContext, type Dispatch, type ReactNode, useContext, useReducer } from "react"
import { empty, type StartForm } from "./app.tsx"

type Values = Readonly<Record<string, string>>

interface Typed {
  readonly name: string
  readonly value: string
}

const reduce = (values: Values, { name, value }: Typed): Values => ({ ...values, [name]: value })

export const context: StartForm = (names, useInput) => {
  const ValuesContext = createContext(empty(names))
  const TypeContext = createContext<Dispatch<Typed>>(() => {})
  const Field = ({ name }: { readonly name: string }) => {
    const type = useContext(TypeContext)
    return useInput(name, useContext(ValuesContext)[name]!, (value) => type({ name, value }))
  }
  const Provider = ({ children }: { readonly children: ReactNode }) => {
    const [values, type] = useReducer(reduce, names, empty)
    return (
      <TypeContext value={type}>
        <ValuesContext value={values}>{children}</ValuesContext>
      </TypeContext>
    )
  }
  return () => (
    <Provider>
      {names.map((name) => (
        <Field key={name} name={name} />
      ))}
    </Provider>
  )
}
