/** A form of many controlled inputs, one of which is typed into. */
import { type ComponentType, type ReactElement, useLayoutEffect } from "react"

/** What every field's component gives to React: its input. A hook, called once in each render of one. */
export type UseInput = (name: string, value: string, type: (value: string) => void) => ReactElement

/** A contender: the form with a field for each name, and whatever provider it needs. All are empty. */
export type StartForm = (names: ReadonlyArray<string>, useInput: UseInput) => ComponentType

/** `rendered` and `committed` are called for each field that renders, and for each that React commits. */
export const inputs =
  (rendered: () => void, committed: () => void): UseInput =>
  (name, value, type) => {
    rendered()
    useLayoutEffect(committed)
    return <input name={name} value={value} onChange={(event) => type(event.target.value)} />
  }

export const empty = (names: ReadonlyArray<string>): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, ""]))
