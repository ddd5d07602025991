/** Sessions that the panel has besides the page's own, and the long work on them, one at a time. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { RequestOptions, Success } from "../../protocol/index.ts"
import { Page } from "../Page.ts"
import { copyText, fileOfLink, linkOf as textLinkOf, maxLink, saveFile } from "../ui/files.ts"
import { readRules } from "../ui/redactText.ts"
import { Connection, linkOf } from "./Connection.ts"

/** `earlier`: before the reload. */
const From = Schema.Literals(["earlier", "file", "link"])

const Session = Schema.Struct({
  /** As the page has it for this panel. */
  id: Schema.Int,
  label: Schema.String,
  entries: Schema.Int,
  partial: Schema.Boolean,
  from: From
})
export type Session = typeof Session.Type

/** The protocol has decoded it. */
const Replayed = Schema.declare(
  (given): given is Success<"Replay"> => typeof given === "object" && given !== null
)

const TestModule = Schema.Struct({ moduleId: Schema.String, file: Schema.optionalKey(Schema.String) })

const State = Schema.Struct({
  sessions: Schema.Array(Session),
  /** The one that is looked at; the page's own where there is none. */
  chosen: Schema.NullOr(Schema.Int),
  job: Schema.NullOr(Schema.Struct({ what: Schema.String, done: Schema.Int, of: Schema.Int })),
  failure: Schema.NullOr(Schema.String),
  /** What has come of the last job. */
  note: Schema.NullOr(Schema.String),
  replayed: Schema.NullOr(Replayed),
  /** Why this page's own will not be there after a reload, although it was to be. */
  notKept: Schema.NullOr(Schema.String),
  /** Of which modules a test would be. */
  modules: Schema.NullOr(Schema.Array(TestModule)),
  test: Schema.NullOr(Schema.String)
})
type State = typeof State.Type

/** The page keeps so many of a panel. */
const maxSessions = 4

const begin = (state: State, what: string): State => ({
  ...state,
  job: { what, done: 0, of: 0 },
  failure: null,
  note: null
})

export const Sessions = Module.make("devtools/Sessions", {
  state: State,
  actions: {
    choose: Schema.NullOr(Schema.Int),
    /** `leaveOut`: places, as they are typed. */
    save: Schema.Struct({ to: Schema.Literals(["file", "clipboard", "link"]), leaveOut: Schema.String }),
    /** A file's text, or a link. */
    open: Schema.Struct({ text: Schema.String, from: From }),
    replay: Schema.Void,
    askModules: Schema.Void,
    makeTest: Schema.Struct({
      file: Schema.String,
      modules: Schema.Record(Schema.String, Schema.String),
      txnIds: Schema.NullOr(Schema.Array(Schema.String))
    }),
    /** Ends what is being done. */
    cancel: Schema.Void,
    opened: Session,
    notKept: Schema.String,
    replayed: Replayed,
    modulesTold: Schema.Array(TestModule),
    made: Schema.String,
    ended: Schema.NullOr(Schema.String),
    failed: Schema.String,
    /** Of another connection, which knows none of these. */
    forget: Schema.Void
  },
  reducers: {
    choose: (state, chosen) =>
      chosen === state.chosen
        ? state
        : { ...state, chosen, replayed: null, modules: null, test: null, failure: null, note: null },
    save: (state) => begin(state, "Exporting"),
    open: (state) => begin(state, "Importing"),
    replay: (state) => ({ ...begin(state, "Replaying"), replayed: null }),
    askModules: (state) => ({ ...begin(state, "Looking for modules"), modules: null, test: null }),
    makeTest: (state) => ({ ...begin(state, "Making a test"), test: null }),
    cancel: (state) => ({ ...state, job: null }),
    opened: (state, session) => ({
      ...state,
      sessions: [...state.sessions, session].slice(-maxSessions),
      ...(session.from === "earlier" ? {} : { chosen: session.id, replayed: null, modules: null, test: null })
    }),
    notKept: (state, notKept) => ({ ...state, notKept }),
    replayed: (state, replayed) => ({ ...state, replayed }),
    modulesTold: (state, modules) => ({ ...state, modules }),
    made: (state, test) => ({ ...state, test }),
    ended: (state, note) => ({ ...state, job: null, note }),
    failed: (state, failure) => ({ ...state, job: null, failure }),
    forget: () => empty
  }
})

const empty: State = {
  sessions: [],
  chosen: null,
  job: null,
  failure: null,
  note: null,
  replayed: null,
  notKept: null,
  modules: null,
  test: null
}

/** Shown as it is. */
interface NotDone {
  readonly message: string
}

const attempt = <A>(work: () => Promise<A>) =>
  Effect.tryPromise({
    try: work,
    catch: (error): NotDone => ({ message: error instanceof Error ? error.message : String(error) })
  })

/** Characters of a message. */
const maxPart = 200_000

const working = Sessions.logic("working", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const connection = yield* $.use(Connection)

    const told = $.callback(
      "progress",
      (state: State, given: { readonly done: number; readonly of: number }): State =>
        state.job === null ? state : { ...state, job: { ...state.job, ...given } }
    )
    const onProgress: RequestOptions["onProgress"] = (given) => void told(given)
    const chosen = Effect.map($.state.get, ({ chosen }) => (chosen === null ? {} : { session: chosen }))

    const textOf = Effect.fnUntraced(function* (text: number) {
      let whole = ""
      for (let more = true; more;) {
        const next = yield* page.request("Text", { text, from: whole.length })
        whole += next.part
        ;({ more } = next)
      }
      return whole
    })
    const upload = Effect.fnUntraced(function* (content: string) {
      const { upload } = yield* page.request("Upload", { part: content.slice(0, maxPart) })
      for (let from = maxPart; from < content.length; from += maxPart)
        yield* page.request("Upload", { upload, part: content.slice(from, from + maxPart) })
      return upload
    })

    const save = Effect.fnUntraced(function* ({
      leaveOut,
      to
    }: {
      readonly to: "file" | "clipboard" | "link"
      readonly leaveOut: string
    }) {
      const redact = readRules(leaveOut)
      if (redact === undefined)
        return yield* Effect.fail<NotDone>({
          message:
            "What to leave out cannot be read. Write User: token, users.*.email; User.signIn: password. Nothing was exported."
        })
      const { text } = yield* page.request("Export", { ...(yield* chosen), redact }, { onProgress })
      const file = yield* textOf(text)
      const { chosen: id, sessions } = yield* $.state.get
      const { runtime, runtimes } = yield* connection.getState
      const label =
        sessions.find((session) => session.id === id)?.label ??
        runtimes.find((each) => each.id === runtime)?.label ??
        "session"
      if (to === "file") {
        saveFile(`${label.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}.sluice.json`, file)
        return `Saved ${file.length.toLocaleString("en-US")} characters.`
      }
      if (to === "clipboard") {
        yield* attempt(() => copyText(file))
        return `Copied ${file.length.toLocaleString("en-US")} characters.`
      }
      const link = yield* attempt(() => textLinkOf(file))
      if (link === undefined)
        return yield* Effect.fail<NotDone>({
          message: `The session is too long for a link, which has at most ${maxLink} characters. Save it as a file, or export fewer entries.`
        })
      yield* attempt(() => copyText(link))
      return `Copied a link of ${link.length.toLocaleString("en-US")} characters. Open it, or paste it here.`
    })

    const open = Effect.fnUntraced(function* ({
      from,
      text
    }: {
      readonly text: string
      readonly from: Session["from"]
    }) {
      const unfolded = yield* attempt(() => fileOfLink(text))
      const content = unfolded ?? text
      const { session, ...about } = yield* page.request(
        "Import",
        { upload: yield* upload(content) },
        { onProgress }
      )
      yield* $.actions.opened({ id: session, ...about, from: unfolded === undefined ? from : "link" })
      return `Imported ${about.entries.toLocaleString("en-US")} entries. Nothing was done to the page.`
    })

    const replay = Effect.gen(function* () {
      yield* $.actions.replayed(yield* page.request("Replay", yield* chosen, { onProgress }))
      return null
    })
    const askModules = Effect.gen(function* () {
      const { modules } = yield* page.request("TestModules", yield* chosen, { onProgress })
      yield* $.actions.modulesTold(modules)
      return null
    })
    const makeTest = Effect.fnUntraced(function* ({
      file,
      modules,
      txnIds
    }: {
      readonly file: string
      readonly modules: Readonly<Record<string, string>>
      readonly txnIds: ReadonlyArray<string> | null
    }) {
      const { text } = yield* page.request(
        "MakeTest",
        { ...(yield* chosen), file, modules, ...(txnIds === null ? {} : { txnIds }) },
        { onProgress }
      )
      yield* $.actions.made(yield* textOf(text))
      return null
    })

    yield* $.onAction(["save", "open", "replay", "askModules", "makeTest", "cancel"]).runLatest(
      (_, action) => {
        const work = (): Effect.Effect<string | null, NotDone> => {
          switch (action._tag) {
            case "save":
              return save(action.payload)
            case "open":
              return open(action.payload)
            case "replay":
              return replay
            case "askModules":
              return askModules
            case "makeTest":
              return makeTest(action.payload)
            case "cancel":
              return Effect.succeed(null)
          }
        }
        return work().pipe(
          Effect.flatMap((note) => $.actions.ended(note)),
          Effect.catch(({ message }) => $.actions.failed(message))
        )
      }
    )

    // A link that the page was opened by is read once.
    let hash: string | undefined = globalThis.location?.hash
    yield* $.on(connection.changesOf(linkOf)).runLatest((link) =>
      Effect.gen(function* () {
        yield* $.actions.forget()
        if (link === undefined) return
        const { found, problem } = yield* page.request("Earlier", {})
        if (problem !== undefined) yield* $.actions.notKept(problem)
        if (found !== undefined) {
          const { session, ...about } = found
          yield* $.actions.opened({ id: session, ...about, from: "earlier" })
        }
        const given = hash
        hash = undefined
        if (given?.startsWith("#sluice-session=") === true)
          yield* $.actions.open({ text: given, from: "link" })
      }).pipe(Effect.catch(({ message }) => $.actions.failed(message)))
    )
  })
)

export const SessionsLive = Sessions.implement({ initial: empty, logics: [working] })
