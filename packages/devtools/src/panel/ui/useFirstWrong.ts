import { type RefObject, useEffect, useRef } from "react"
import type { Issue } from "../../form/Form.ts"

/** Of a form: when it has been refused, the keyboard is at the first field that does not fit. */
export const useFirstWrong = (issues: ReadonlyArray<Issue>): RefObject<HTMLFormElement | null> => {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (issues.length > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus()
  }, [issues])
  return form
}
