/** To one of many parts, by its key or index. */
import * as Effect from "effect/Effect"
import { type ReactNode, useId, useState } from "react"
import type { Step } from "../../../protocol/index.ts"
import type { Steps } from "../../ui/path.ts"
import { usePage } from "../../usePage.ts"
import { useLook, useMoment } from "./useLook.ts"
import { Failure } from "../../ui/Failure.tsx"

/** Keys of one value are of one type, as a rule. */
const stepLike = ({ key, kind }: Step, typed: string): Step => ({
  kind,
  key: typeof key === "number" ? Number(typed) : typed
})

export const GoTo = ({
  instanceId,
  path
}: {
  readonly instanceId: string
  readonly path: Steps
}): ReactNode => {
  const page = usePage()
  const look = useLook()
  const root = { _tag: "State", instanceId, moment: useMoment() } as const
  const id = useId()
  const [typed, setTyped] = useState("")
  const [failure, setFailure] = useState<string>()

  const find = Effect.gen(function* () {
    const { parts } = yield* page.request("Inspect", { root, path: [...path], from: 0, to: 1 })
    const [first] = parts
    if (first === undefined) return
    const to = [...path, stepLike(first.step, typed)]
    yield* page.request("Inspect", { root, path: to, from: 0, to: 0 })
    look.actions.goTo({ instanceId, path: to })
  })
  return (
    <form
      className="go-to"
      onSubmit={(event) => {
        event.preventDefault()
        Effect.runFork(
          Effect.match(find, {
            onSuccess: () => setFailure(undefined),
            onFailure: ({ message }) => setFailure(message)
          })
        )
      }}
    >
      <label htmlFor={id}>Go to the key</label>
      <input id={id} type="text" value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
      <button type="submit" className="toggle">
        Go
      </button>
      <Failure text={failure} />
    </form>
  )
}
