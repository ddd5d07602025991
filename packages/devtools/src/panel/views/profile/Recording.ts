/** The runtime's profile, as the page has it, and how the user looks at it. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Success } from "../../../protocol/index.ts"
import { Page, type PageError } from "../../Page.ts"

export type Profile = Success<"Profile">
export type Measure = Profile["measures"][number]
export type Call = Profile["calls"][number]

export const columns = ["name", "count", "selfMs", "totalMs", "meanMs", "maxMs"] as const
export type Column = (typeof columns)[number]
export const kinds = ["entry", "reducer", "computed", "listener", "handler"] as const

// The protocol has decoded it.
const Profile = Schema.declare((given): given is Profile => typeof given === "object" && given !== null)

const State = Schema.Struct({
  profile: Schema.NullOr(Profile),
  sort: Schema.Struct({ by: Schema.Literals(columns), descending: Schema.Boolean }),
  kind: Schema.NullOr(Schema.Literals(kinds)),
  search: Schema.String,
  shows: Schema.Literals(["table", "flame"]),
  failure: Schema.NullOr(Schema.String)
})

/** While it runs, it is read so often. */
const everyMs = 500

export const Recording = Module.make("devtools/Recording", {
  state: State,
  actions: {
    begin: Schema.Void,
    end: Schema.Void,
    arrived: Profile,
    failed: Schema.String,
    sortBy: Schema.Literals(columns),
    showKind: Schema.NullOr(Schema.Literals(kinds)),
    search: Schema.String,
    show: Schema.Literals(["table", "flame"])
  },
  reducers: {
    arrived: (state, profile) => ({ ...state, profile, failure: null }),
    failed: (state, failure) => ({ ...state, failure }),
    sortBy: (state, by) => ({
      ...state,
      sort: { by, descending: state.sort.by === by ? !state.sort.descending : by !== "name" }
    }),
    showKind: (state, kind) => ({ ...state, kind }),
    search: (state, search) => ({ ...state, search }),
    show: (state, shows) => ({ ...state, shows })
  }
})

const reading = Recording.logic("reading", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const orFail = <A>(effect: Effect.Effect<A, PageError>) =>
      effect.pipe(Effect.catch(({ message }) => $.actions.failed(message)))
    const read = orFail(Effect.flatMap(page.request("Profile", {}), $.actions.arrived))
    yield* $.onAction("begin").run(() => Effect.andThen(orFail(page.request("BeginProfile", {})), read))
    yield* $.onAction("end").run(() => Effect.andThen(orFail(page.request("EndProfile", {})), read))
    yield* $.onState(({ profile }) => profile?.running === true).runLatest((isRunning) =>
      isRunning ? Effect.forever(Effect.andThen(Effect.sleep(everyMs), read)) : Effect.void
    )
    // Another panel may have begun one.
    yield* Effect.forkScoped(read)
  })
)

export const RecordingLive = Recording.implement({
  initial: {
    profile: null,
    sort: { by: "selfMs", descending: true },
    kind: null,
    search: "",
    shows: "table",
    failure: null
  },
  logics: [reading]
})

export const meanOf = ({ count, totalMs }: Measure): number => (count === 0 ? 0 : totalMs / count)

const valueOf = (measure: Measure, by: Exclude<Column, "name">): number =>
  by === "meanMs" ? meanOf(measure) : measure[by]

const nameOf = ({ instanceId, kind, name }: Measure): string => `${instanceId} ${kind} ${name}`

/** What passes, in order. */
export const shownOf = (
  measures: ReadonlyArray<Measure>,
  { kind, search, sort }: Pick<typeof State.Type, "kind" | "search" | "sort">
): ReadonlyArray<Measure> => {
  const words = search.toLowerCase().split(/\s+/)
  const passing = measures.filter(
    (measure) =>
      (kind === null || measure.kind === kind) &&
      words.every((word) => nameOf(measure).toLowerCase().includes(word))
  )
  const { by, descending } = sort
  const sign = descending ? -1 : 1
  return passing.toSorted((a, b) =>
    by === "name" ? sign * nameOf(a).localeCompare(nameOf(b)) : sign * (valueOf(a, by) - valueOf(b, by))
  )
}
