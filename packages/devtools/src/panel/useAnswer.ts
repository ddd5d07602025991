import { useModule, useSelector } from "@sluice/react"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import { useState } from "react"
import type { CallTag, Success } from "../protocol/index.ts"
import { AnswerLive } from "./modules/Answer.ts"
import { Connection, linkOf } from "./modules/Connection.ts"
import type { Asked } from "./Page.ts"
import { usePage } from "./usePage.ts"

export interface AnswerOptions {
  /** Whether it is asked again when the states that the page shows have changed. Default true, but with `everyMs`. */
  readonly changes?: boolean
  /** Asks again so many milliseconds after the last time, for what changes by itself. */
  readonly everyMs?: number
  /** Whether the answer to the last payload is given as long as that to another one is waited for. Default false. */
  readonly keep?: boolean
}

export interface AnswerOf<A> {
  /** Also while a newer one is waited for, and after a newer one failed. */
  readonly value: A | undefined
  /** Why there is none, or none that is newer. */
  readonly failure: string | undefined
  readonly isWaiting: boolean
}

/**
 * What the page answers: components that ask the same share one answer. It is asked for while a component shows it,
 * and let go with the last of them.
 */
export const useAnswer = <Tag extends CallTag>(
  tag: Tag,
  payload: Asked<Tag>,
  { everyMs = 0, changes = everyMs === 0, keep = false }: AnswerOptions = {}
): AnswerOf<Success<Tag>> => {
  const { layer } = usePage()
  const link = useSelector(useModule(Connection), linkOf)
  const key = `${link} ${changes} ${everyMs} ${tag} ${JSON.stringify(payload)}`
  const answer = useSelector(
    useModule(AnswerLive, { key, input: { tag, payload, changes, everyMs }, layer }),
    (state) => state.answer
  )
  // The protocol has decoded it by the schema of this tag.
  const value = Option.getOrUndefined(AsyncResult.value(answer)) as Success<Tag> | undefined
  const [last, setLast] = useState(value)
  if (value !== undefined && value !== last) setLast(value)
  const failure = Option.getOrUndefined(AsyncResult.error(answer))?.message
  return {
    value: value ?? (keep && failure === undefined ? last : undefined),
    failure,
    isWaiting: answer.waiting || AsyncResult.isInitial(answer)
  }
}
