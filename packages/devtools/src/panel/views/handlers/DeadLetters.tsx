/** Actions that their handlers were given up for: to be looked into, and to be tried again. */
import { useSelector } from "@sluice/react"
import { type ReactNode, useState } from "react"
import { count, timeOfDay } from "../../ui/format.ts"
import { Tree } from "../../ui/Tree.tsx"
import type { Letter, Retry } from "./Activity.ts"
import { useActivity } from "./useHandlers.ts"

export const DeadLetters = ({ letters }: { readonly letters: ReadonlyArray<Letter> }): ReactNode => {
  const activity = useActivity()
  const retries = useSelector(activity, (state) => state.retries)
  const leftOut = useSelector(activity, (state) => state.lettersLeftOut)
  const dropped = useSelector(activity, (state) => state.lettersDropped)
  const done = retries.findLast(
    ({ letter, outcome }) => outcome === "committed" && letters.every(({ id }) => id !== letter)
  )
  if (letters.length === 0 && done === undefined) return null
  return (
    <section className="letters" aria-label="Dead letters">
      <h3>
        Dead letters
        <small>{count(letters.length + leftOut)}</small>
      </h3>
      {letters.length === 0 ? null : (
        <p className="hint">Nobody observed these actions, and nothing was committed.</p>
      )}
      <ul>
        {letters.map((letter) => (
          <Item
            key={letter.id}
            letter={letter}
            retry={retries.find((retry) => retry.letter === letter.id)}
            onRetry={() => activity.actions.retry(letter.id)}
          />
        ))}
      </ul>
      {leftOut > 0 ? <p className="hint">and {count(leftOut)} older ones</p> : null}
      {dropped > 0 ? <p className="hint">{count(dropped)} that are no longer kept came before</p> : null}
      <output className="done">
        {done === undefined ? "" : `${done.title} was retried, and has committed.`}
      </output>
    </section>
  )
}

const Item = ({
  letter,
  onRetry,
  retry
}: {
  readonly letter: Letter
  readonly retry: Retry | undefined
  readonly onRetry: () => void
}) => {
  const { at, attempts, error, handler, id, instanceId, payload, tag } = letter
  const [isOpen, setOpen] = useState(false)
  const isRunning = retry?.outcome === "running"
  return (
    <li aria-label={`${tag} of ${handler}`}>
      <div className="head">
        <span className="name">
          <b>{tag}</b>{" "}
          <small>
            {handler} · {instanceId ?? "no instance"} · {timeOfDay(at)} ·{" "}
            {attempts === 1 ? "tried once" : `tried ${count(attempts)} times`}
          </small>
        </span>
        <button
          type="button"
          className="primary"
          aria-disabled={isRunning}
          aria-label={`Retry ${tag} of ${handler}`}
          onClick={isRunning ? undefined : onRetry}
        >
          {isRunning ? "Retrying…" : "Retry"}
        </button>
      </div>
      <p className="error">{error}</p>
      {retry?.outcome === "failed" ? (
        <p className="error again" role="alert">
          It failed again{retry.error === undefined || retry.error === error ? "." : `: ${retry.error}`}
        </p>
      ) : null}
      {payload === undefined ? null : isOpen ? (
        <Tree label="payload" root={{ _tag: "Letter", letter: id }} />
      ) : (
        <button type="button" className="payload" aria-expanded={false} onClick={() => setOpen(true)}>
          <code>{payload}</code>
        </button>
      )}
    </li>
  )
}
