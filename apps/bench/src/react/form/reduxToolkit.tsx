import { configureStore, createSlice, type PayloadAction } from "@reduxjs/toolkit"
import { Provider, useDispatch, useSelector } from "react-redux"
import { empty, type StartForm } from "./app.tsx"

interface Typed {
  readonly name: string
  readonly value: string
}

export const reduxToolkit: StartForm = (names, useInput) => {
  const slice = createSlice({
    name: "form",
    initialState: empty(names),
    reducers: {
      typed: (state, { payload }: PayloadAction<Typed>) => {
        state[payload.name] = payload.value
      }
    }
  })
  const store = configureStore({ reducer: { form: slice.reducer } })
  type State = ReturnType<typeof store.getState>
  const Field = ({ name }: { readonly name: string }) => {
    const dispatch = useDispatch()
    const value = useSelector(({ form }: State) => form[name]!)
    return useInput(name, value, (typed) => dispatch(slice.actions.typed({ name, value: typed })))
  }
  return () => (
    <Provider store={store}>
      {names.map((name) => (
        <Field key={name} name={name} />
      ))}
    </Provider>
  )
}
