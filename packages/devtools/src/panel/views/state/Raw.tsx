/** A value written out: its beginning at first, all of it when asked for, to be copied. */
import { type ReactNode, useState } from "react"
import type { Root } from "../../../protocol/index.ts"
import { mayChange } from "../../ui/mayChange.ts"
import { useAnswer } from "../../useAnswer.ts"
import { useCopy } from "./useCopy.ts"

const beginning = 20_000

const forms = {
  text: "As it is",
  schema: "JSON, by its schema",
  codec: "JSON, by the codec"
} as const
type As = keyof typeof forms
const kinds: ReadonlyArray<As> = ["text", "schema", "codec"]

export const Raw = ({ root }: { readonly root: Root }): ReactNode => {
  const [as, setAs] = useState<As>("text")
  const [limit, setLimit] = useState(beginning)
  const { copy, said } = useCopy()
  const [round, setRound] = useState(0)
  const isCheap = as === "text"
  const { failure, value } = useAnswer(
    "Print",
    // Another question is asked anew.
    { root, path: [], as, limit: limit - (round % 2) },
    // JSON is made of all of the state, which is not to be done ten times a second.
    { changes: isCheap && mayChange(root), keep: true }
  )
  return (
    <div className="raw">
      <div className="bar tools">
        <select
          aria-label="Written as"
          value={as}
          onChange={(event) => setAs(kinds.find((kind) => kind === event.currentTarget.value) ?? "text")}
        >
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {forms[kind]}
            </option>
          ))}
        </select>
        <span className="space" />
        <output className="hint">{said}</output>
        {isCheap ? null : (
          <button type="button" className="toggle" onClick={() => setRound(round + 1)}>
            Take again
          </button>
        )}
        <button type="button" className="toggle" onClick={() => copy({ root, path: [], as })}>
          Copy all
        </button>
      </div>
      {failure === undefined ? null : (
        <p className="notice failed" role="alert">
          {failure}
        </p>
      )}
      {/* It scrolls, and has to by keys. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className="body" aria-label="Raw" tabIndex={0}>
        <pre>{value?.part ?? (failure === undefined ? "…" : "")}</pre>
        {value === undefined || (value.complete && value.part.length === value.length) ? null : (
          <button type="button" className="toggle" onClick={() => setLimit(Math.min(limit * 5, 200_000))}>
            {limit < 200_000 ? "Show more" : "There is more: copy all to have it"}
          </button>
        )}
      </section>
    </div>
  )
}
