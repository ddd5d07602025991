import { useState } from "react"
import type { StartForm } from "./app.tsx"

/** React alone: a `useState` in each field. */
export const localState: StartForm = (names, useInput) => {
  const Field = ({ name }: { readonly name: string }) => {
    const [value, setValue] = useState("")
    return useInput(name, value, setValue)
  }
  return () => names.map((name) => <Field key={name} name={name} />)
}
