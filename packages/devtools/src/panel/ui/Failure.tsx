/** Answers that are not there: told when they fail, as a screen reader hears it. */
import type { ReactNode } from "react"

/** Nothing where nothing failed. */
export const Failure = ({ text }: { readonly text: string | undefined }): ReactNode =>
  text === undefined ? null : (
    <p className="error" role="alert">
      {text}
    </p>
  )

/** Stands where an answer will be, or says why there is none. */
export const NoAnswer = ({ failure }: { readonly failure: string | undefined }): ReactNode => (
  <p className={failure === undefined ? "hint" : "error"} role={failure === undefined ? "status" : "alert"}>
    {failure ?? "…"}
  </p>
)
