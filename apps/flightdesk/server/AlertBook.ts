/** The alerts that were recorded, by session, in the order in which they came. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Alert, AlertRecord } from "../src/domain/Alert.ts"

/** Older sessions are forgotten, so that a server left running does not grow. */
const sessionsKept = 16

export class AlertBook extends Context.Service<
  AlertBook,
  {
    /** Answers the record there is when an alert of this id was recorded before. */
    readonly record: (alert: Alert) => Effect.Effect<AlertRecord>
    readonly list: (session: string | undefined) => Effect.Effect<ReadonlyArray<AlertRecord>>
    /** How many requests to record came in, those for known alerts too. */
    readonly requests: Effect.Effect<number>
    readonly forget: (session: string | undefined) => Effect.Effect<void>
  }
>()("flightdesk/server/AlertBook") {
  static readonly layer = Layer.sync(AlertBook, () => {
    const sessions = new Map<string, Map<string, AlertRecord>>()
    let requests = 0
    const sessionOf = (id: string): Map<string, AlertRecord> => {
      const known = sessions.get(id)
      if (known !== undefined) return known
      const made = new Map<string, AlertRecord>()
      sessions.set(id, made)
      const [oldest] = sessions.keys()
      if (sessions.size > sessionsKept && oldest !== undefined) sessions.delete(oldest)
      return made
    }
    return AlertBook.of({
      record: (alert) =>
        Effect.sync(() => {
          requests++
          const session = sessionOf(alert.session)
          const known = session.get(alert.id)
          if (known !== undefined) return known
          const record = { ...alert, place: session.size + 1, recordedAt: Date.now() }
          session.set(alert.id, record)
          return record
        }),
      list: (session) =>
        Effect.sync(() =>
          session === undefined
            ? [...sessions.values()].flatMap((records) => [...records.values()])
            : [...(sessions.get(session)?.values() ?? [])]
        ),
      requests: Effect.sync(() => requests),
      forget: (session) =>
        Effect.sync(() => {
          if (session === undefined) sessions.clear()
          else sessions.delete(session)
        })
    })
  })
}
