/**
 * The messages between a page and a panel, as Schemas. All are plain JSON data, so that any port carries them.
 * What is sent is of its type by construction; what is received is decoded.
 */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { Form } from "../form/Form.ts"
import { Answered } from "./errors.ts"
import { handlerAnswers, handlerCalls } from "./handlers.ts"
import { insightAnswers, insightCalls, Site } from "./insight.ts"
import { Count, Name } from "./primitives.ts"

/** Page and panel must be of the same. */
export const version = 1

/** The most that one message holds. */
export const maxRows = 500
export const maxParts = 500
export const maxChanges = 200
export const maxPlaces = 200
/** Characters. */
export const maxText = 200_000

const runtime = Name
const session = Schema.optionalKey(Count)
const instances = Schema.optionalKey(Schema.Array(Name).check(Schema.isMaxLength(10_000)))

// ---------------------------------------------------------------------------------------------------------
// What messages are made of

/**
 * The place of an entry in the order of its runtime. A commit has its own `seq` and `n: 0`; an entry without a
 * commit has the `seq` of the last commit before it (0 where there is none), and as `n` its event's place in the
 * trace. Cursors compare by `seq`, then by `n`.
 */
export const Cursor = Schema.Struct({ seq: Count, n: Count })
export type Cursor = typeof Cursor.Type

/** `seq` stands for the states right after that commit; `live` for what is shown now. */
export const Moment = Schema.Union([Schema.Literal("live"), Count])
export type Moment = typeof Moment.Type

/**
 * One step into a value: to a property by name, to an array's element, to the value of a Map's key, to a
 * Collection's row by its key, or to the n-th part as `Inspect` lists them.
 */
export const Step = Schema.Struct({
  kind: Schema.Literals(["property", "index", "key", "row", "part"]),
  key: Schema.Union([Name, Schema.Finite])
})
export type Step = typeof Step.Type

const Path = Schema.Array(Step).check(Schema.isMaxLength(1000))

/** What can be looked into. */
export const Root = Schema.TaggedUnion({
  State: { instanceId: Name, moment: Moment },
  /** Of the entry's action of that index. */
  Payload: { at: Cursor, index: Count },
  /** What the entry's origin says besides its name. */
  Details: { at: Cursor },
  Error: { at: Cursor },
  /** Of a commit, its instance's state right before or after it, also within a group. */
  Committed: { at: Cursor, side: Schema.Literals(["before", "after"]) },
  /** Of an entry as it would have been, the state before or after it. */
  Recomputed: { recomputed: Count, index: Count, side: Schema.Literals(["before", "after"]) },
  /** The payload of a dead letter's action. */
  Letter: { letter: Name }
})
export type Root = typeof Root.Type

/** A value in a line. `size` is how many parts it has; 0 where there is nothing to look into. */
export const Value = Schema.Struct({
  kind: Schema.Literals(["string", "number", "boolean", "nothing", "date", "other", "object"]),
  text: Schema.String,
  size: Count
})
export type Value = typeof Value.Type

const Part = Schema.Struct({ label: Schema.String, step: Step, value: Value })

/** An entry, without its states. */
export const Row = Schema.Struct({
  at: Cursor,
  /** Its place among all that the page knows of, from 1. Those that are lost between two entries have theirs, too. */
  place: Count,
  txnId: Schema.String,
  /** The same for all of one group (T11). */
  groupId: Schema.optionalKey(Schema.String),
  instanceId: Schema.String,
  moduleId: Schema.String,
  origin: Schema.Struct({ kind: Schema.String, name: Schema.String }),
  /** The transaction whose handler made this one. */
  cause: Schema.optionalKey(Schema.String),
  /** What the browser told the page of when it was made, as in `click on button#play`; where nothing else caused it. */
  trigger: Schema.optionalKey(Schema.String),
  /** Of its actions, the first twenty; `actions` is how many there are. */
  tags: Schema.Array(Schema.String),
  actions: Count,
  outcome: Schema.Literals(["commit", "unchanged", "rollback"]),
  /** Epoch milliseconds. */
  time: Schema.Number,
  /** Of its first action, in a line. */
  payload: Schema.optionalKey(Schema.String),
  /** Where the trace has it. */
  durationMs: Schema.optionalKey(Schema.Number),
  /** The consumer of the cause whose handler made it, where the trace has it. */
  handler: Schema.optionalKey(Schema.String),
  /** Before its transaction, for slots of these consumers, where the trace has it. */
  waited: Schema.optionalKey(Schema.Struct({ ms: Schema.Number, consumers: Schema.Array(Schema.String) })),
  /** Of its actions at their consumers, where the trace has them; `ms` until the last handler's end. */
  runs: Schema.optionalKey(Schema.Struct({ all: Count, waiting: Count, failed: Count, ms: Schema.Number })),
  /** Of sources: those that this commit ended or began. `ms` where both ends are known. */
  loads: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        field: Schema.String,
        phase: Schema.Literals(["begins", "ends"]),
        outcome: Schema.Literals(["running", "success", "failure", "interrupted"]),
        ms: Schema.optionalKey(Schema.Number)
      })
    )
  ),
  /** Top-level fields whose value changed, the first fifty. Absent where the commit is not known. */
  changed: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Of a rollback, in a line. */
  error: Schema.optionalKey(Schema.String),
  /** It stands for so many commits of its instance that passed while recording was paused. */
  passed: Schema.optionalKey(Count)
})
export type Row = typeof Row.Type

/** `recorded - dropped` events are in the trace's ring; `appended - dropped` commits in the history. */
export const Counts = Schema.Struct({
  trace: Schema.Struct({ recorded: Count, dropped: Count, sampledOut: Count }),
  history: Schema.Struct({
    length: Count,
    appended: Count,
    dropped: Count,
    /** The first and the last moment that can be shown. */
    oldest: Count,
    latest: Count,
    /** The last one that travel has not made. */
    own: Count
  }),
  /** Those that can be read; `last` is before `first` where there is none. */
  places: Schema.Struct({ first: Count, last: Count }),
  /** Messages that the page refused, of any panel. */
  malformed: Count
})
export type Counts = typeof Counts.Type

/** What a reader has missed, since it was too slow or away: exact for commits; of the trace what was kept for it. */
const Gap = Schema.Struct({ commits: Count, events: Count })

/** What an entry must be to be found. */
export const Filter = Schema.Struct({
  /** Words that its id, origin, actions, outcome, error or payload contain, in any case; `-word` must not be. */
  text: Schema.optionalKey(Name),
  /** One of these, each. */
  kinds: Schema.optionalKey(Schema.Array(Name).check(Schema.isMaxLength(20))),
  outcomes: Schema.optionalKey(Schema.Array(Name).check(Schema.isMaxLength(20))),
  instances
})
export type Filter = typeof Filter.Type

/** What became of an action at a consumer. */
const HandlerRun = Schema.Struct({
  consumer: Schema.String,
  tag: Schema.String,
  state: Schema.Literals(["waiting", "delivered", "success", "failure", "interrupt", "skipped"]),
  reason: Schema.optionalKey(Schema.String),
  ms: Schema.optionalKey(Schema.Number)
})

/** A transaction in the tree of causes. `row` is absent where it is not known any more. */
const CauseNode = Schema.Struct({
  txnId: Schema.String,
  depth: Count,
  row: Schema.optionalKey(Row),
  runs: Schema.Array(HandlerRun)
})
export type CauseNode = typeof CauseNode.Type

export const RuntimeInfo = Schema.Struct({
  id: Schema.String,
  label: Schema.String,
  status: Schema.Literals(["building", "ready", "failed", "disposed"]),
  trace: Schema.Struct({
    level: Schema.Union([
      Schema.Literals(["off", "light", "full"]),
      Schema.Struct({ sample: Schema.Number })
    ]),
    capacity: Count
  }),
  historyCapacity: Count
})
export type RuntimeInfo = typeof RuntimeInfo.Type

export const Instance = Schema.Struct({
  instanceId: Schema.String,
  moduleId: Schema.String,
  /** Of the runtime or scope whose it is. Absent where it has closed. */
  label: Schema.optionalKey(Schema.String),
  /** Of a local instance: its key, and how many components show it. */
  local: Schema.optionalKey(Schema.Struct({ key: Schema.optionalKey(Schema.String), mounts: Count })),
  /** It is only in the history: shown, and passed over by travel. */
  closed: Schema.Boolean,
  travelled: Schema.Boolean,
  locked: Schema.Boolean
})

export type Instance = typeof Instance.Type

const Backlog = Schema.Struct({
  instanceId: Schema.String,
  ingress: Count,
  consumers: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      tags: Schema.Union([Schema.Literal("all"), Schema.Array(Schema.String)]),
      capacity: Count,
      depth: Count,
      inFlight: Count,
      waiting: Count,
      overflow: Count,
      skipped: Schema.Record(Schema.String, Count)
    })
  )
})

const Change = Schema.Struct({
  kind: Schema.Literals(["added", "removed", "changed"]),
  /** As it would be written after the state. */
  path: Schema.String,
  /** Absent where a step's key cannot be sent, such as an object's in a Map. */
  steps: Schema.optionalKey(Schema.Array(Step)),
  before: Schema.optionalKey(Value),
  after: Schema.optionalKey(Value)
})

/**
 * When to lock all: at the first commit of which all of this is so, and at the next after that is unlocked. Without
 * any of it, at the next commit. Those of devtools do not count.
 */
export const Condition = Schema.Struct({
  moduleId: Schema.optionalKey(Name),
  instanceId: Schema.optionalKey(Name),
  /** Of one of its actions. */
  tag: Schema.optionalKey(Name),
  /** What is there in the state has changed: names of fields, indices, keys of a Map or of rows. */
  path: Schema.optionalKey(Schema.Array(Schema.Union([Name, Schema.Finite])).check(Schema.isMaxLength(1000))),
  /** What is at the path, or the whole state, is now so. Order is that of numbers, or of texts. */
  is: Schema.optionalKey(
    Schema.Struct({
      operator: Schema.Literals(["=", "!=", "<", "<=", ">", ">="]),
      value: Schema.Union([
        Schema.String.check(Schema.isMaxLength(1000)),
        Schema.Finite,
        Schema.Boolean,
        Schema.Null
      ])
    })
  )
})
export type Condition = typeof Condition.Type

/** The moment is that of the page's own travel; instances may have been sent elsewhere one by one. */
export const TravelState = Schema.Struct({
  travelling: Schema.Boolean,
  moment: Schema.optionalKey(Count),
  travelled: Schema.Array(Schema.String),
  locked: Schema.Array(Schema.String),
  /** How many entries wait at each instance that is travelled or locked, where there are any. */
  waiting: Schema.Array(Schema.Struct({ instanceId: Schema.String, entries: Count })),
  /** Whether an entry that comes meanwhile ends the travel. */
  endsFirst: Schema.Boolean,
  /** What has passed since recording was paused. Absent where it goes on. */
  paused: Schema.optionalKey(Gap),
  condition: Schema.optionalKey(Condition),
  /** The commit that has met it, until that is unlocked. */
  met: Schema.optionalKey(Schema.Struct({ at: Cursor, txnId: Schema.String, instanceId: Schema.String })),
  /**
   * What has ended the last travel or lock where it was no panel: an entry (`endsFirst`), or something else, such as the
   * app itself or a hot reload. Until the next.
   */
  ended: Schema.optionalKey(Schema.Literals(["entry", "elsewhere"]))
})
export type TravelState = typeof TravelState.Type

const Places = Schema.Array(Name).check(Schema.isMaxLength(1000))

/** What must not be in a file, besides what the page keeps to itself: see `redact` of `serve`. */
const Redact = Schema.Array(
  Schema.Struct({
    module: Name,
    state: Schema.optionalKey(Places),
    payload: Schema.optionalKey(Schema.Record(Name, Places)),
    details: Schema.optionalKey(Places)
  })
).check(Schema.isMaxLength(1000))

// ---------------------------------------------------------------------------------------------------------
// Requests, and what answers each

const calls = {
  ...insightCalls,
  ...handlerCalls,
  Instances: { runtime },
  Counts: { runtime },
  Backlogs: { runtime },
  /** Entries before a cursor, or the newest. */
  Page: { runtime, before: Schema.optionalKey(Cursor), limit: Count },
  /** The entries of these places, as far as they are known. */
  RowsAt: { runtime, places: Schema.Array(Count).check(Schema.isMaxLength(maxRows)) },
  /**
   * The places of the entries that pass the filter, from one up to before another: the newest first, as far as the page
   * looks at once. With `collapse`, those in a row that are alike are one, at the last one's place; `before` and
   * `after` are the places of the nearest ones that were found beside these.
   */
  Find: {
    runtime,
    filter: Filter,
    collapse: Schema.optionalKey(Schema.Boolean),
    from: Count,
    to: Count,
    before: Schema.optionalKey(Count),
    after: Schema.optionalKey(Count)
  },
  /** The place of a transaction's entry. */
  Locate: { runtime, txnId: Name },
  /** What caused a transaction, up to where it is known, and what its handlers have caused, up to so many. */
  Causes: { runtime, txnId: Name, limit: Count },
  /** Entries after a cursor, or from now on, as `Rows`, until `Unsubscribe`. Without `rows` only that there are some. */
  Subscribe: { runtime, after: Schema.optionalKey(Cursor), rows: Schema.optionalKey(Schema.Boolean) },
  Unsubscribe: { subscription: Count },
  Entry: { runtime, at: Cursor },
  /** Parts `from` (inclusive) to `to` (exclusive) of the value at the path. */
  Inspect: { runtime, root: Root, path: Path, from: Count, to: Count },
  /** Several places at once, each in a line. */
  Values: {
    runtime,
    places: Schema.Array(Schema.Struct({ root: Root, path: Path })).check(Schema.isMaxLength(maxPlaces))
  },
  /**
   * What is at the path, written out: to be read, as the codec's JSON, or as the JSON of the state's schema there. The
   * first is made up to so many characters, the others are made whole: the page waits for it.
   */
  Print: {
    runtime,
    root: Root,
    path: Path,
    as: Schema.Literals(["text", "codec", "schema"]),
    limit: Schema.optionalKey(Count)
  },
  Diff: { runtime, before: Root, after: Root },
  /** The instances whose states are not the same at both moments. */
  Differing: { runtime, before: Moment, after: Moment },
  /** The newest commits in which what is at the path changed, down to the history's base. */
  WhoChanged: { runtime, instanceId: Name, path: Path, limit: Count },
  /** Without `instances`, all of them, in one moment. Within a group, the moment is its end. */
  Travel: { runtime, moment: Count, instances },
  /** One commit back or on from the moment that is shown; those of devtools do not count. */
  Step: { runtime, by: Schema.Literals([-1, 1]) },
  Live: { runtime, instances },
  Lock: { runtime, instances },
  Unlock: { runtime, instances },
  /** What can be dispatched. */
  Actions: { runtime, instanceId: Name },
  /** What can be put in the place of what is at the path. */
  Field: { runtime, instanceId: Name, path: Path },
  /** Whether entries that come while travelled end the travel first, instead of waiting. Until the last panel closes. */
  EndTravelFirst: { runtime, on: Schema.Boolean },
  /** What is shown becomes the instances' own, and the base of the history: what was before is let go of. */
  Commit: { runtime },
  /** The states of the history's base become the instances' own, by an entry of devtools. */
  Revert: { runtime },
  /** The states that the instances were made with become their own, by an entry of devtools. */
  Reset: { runtime },
  /** Lets commits and traced entries pass, and counts them. Until the last panel closes. */
  Pause: { runtime },
  Resume: { runtime },
  /** Locks all when it is met. Without a condition there is none any more; what it has locked stays locked. */
  LockWhen: { runtime, condition: Schema.optionalKey(Condition) },
  /** The payload is as JSON has it, and is decoded by the module's schema. */
  Dispatch: {
    runtime,
    instanceId: Name,
    action: Schema.Struct({ _tag: Name, payload: Schema.optionalKey(Schema.Unknown) })
  },
  /**
   * The value takes the place of what is at the path; the whole state is checked by its schema. It is JSON, or with
   * `encoded` what `encode` of `@sluice/devtools/codec` has made, or with `byForm` what the form of `Field` describes,
   * and is decoded by the schema of that place.
   */
  Edit: {
    runtime,
    instanceId: Name,
    path: Path,
    value: Schema.Unknown,
    encoded: Schema.optionalKey(Schema.Boolean),
    byForm: Schema.optionalKey(Schema.Boolean)
  },
  /**
   * What would have been without these transactions, or with one before another or at the end. Nothing is done to
   * the runtime. The page keeps the last few of a panel.
   */
  Recompute: {
    runtime,
    skip: Schema.optionalKey(Schema.Array(Name)),
    /** Whether what the handlers of those have caused is left out as well. */
    withCaused: Schema.optionalKey(Schema.Boolean),
    move: Schema.optionalKey(Schema.Struct({ txnId: Name, before: Schema.optionalKey(Name) })),
    /** One that was imported, instead of the page's own history. */
    session
  },
  /** Entries `from` (inclusive) to `to` (exclusive) of a recomputation. */
  Outcomes: { recomputed: Count, from: Count, to: Count },
  /** Shows its states after so many entries, or all, until `Live`. */
  Show: { runtime, recomputed: Count, count: Schema.optionalKey(Count) },
  /** Calls the reducers of every recorded action again, and compares. */
  Replay: { runtime, session },
  /** The history as a file, between two moments or all that there is; or a session that was imported. */
  Export: {
    runtime,
    from: Schema.optionalKey(Count),
    to: Schema.optionalKey(Count),
    session,
    redact: Schema.optionalKey(Redact)
  },
  /** A vitest file that replays these entries, or all. `file` is where it is to be, `modules` where modules are. */
  MakeTest: {
    runtime,
    txnIds: Schema.optionalKey(Schema.Array(Name)),
    file: Name,
    modules: Schema.optionalKey(Schema.Record(Name, Name)),
    session
  },
  /** Of which modules a test of these entries would be, and where they are, as far as that is known. */
  TestModules: { runtime, txnIds: Schema.optionalKey(Schema.Array(Name)), session },
  /** What was exported or made, from a character on. */
  Text: { text: Count, from: Count },
  /** Adds to an upload, or begins one. */
  Upload: { upload: Schema.optionalKey(Count), part: Schema.String.check(Schema.isMaxLength(maxText)) },
  /** Reads an uploaded file, which is checked first. Nothing is done to the runtime. */
  Import: { upload: Count },
  /** Reads what was kept of this runtime before the page was loaded: see `keep` of `serve`. */
  Earlier: { runtime }
} as const

const nothing = Schema.Struct({})
const travelled = Schema.Struct({
  moment: Count,
  shown: Schema.Array(Schema.String),
  /** Those that were asked for, or are in the history, and have closed. */
  passedOver: Schema.Array(Schema.String),
  /** When the commit of that moment was made, in epoch milliseconds; absent at the base. */
  time: Schema.optionalKey(Schema.Number),
  /** The moment that a step on leads to. Absent at the end. */
  next: Schema.optionalKey(Schema.Struct({ moment: Count, time: Schema.Number }))
})

const outcomes = ["unchanged", "recomputed", "conflict", "failed", "skipped"] as const
const Outcome = Schema.Struct({
  at: Cursor,
  txnId: Schema.String,
  groupId: Schema.optionalKey(Schema.String),
  instanceId: Schema.String,
  moduleId: Schema.String,
  origin: Schema.Struct({ kind: Schema.String, name: Schema.String }),
  /** Epoch milliseconds. */
  time: Schema.Number,
  outcome: Schema.Literals(outcomes),
  /** Where nothing was written, and why. */
  conflicts: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({ path: Schema.String, reason: Schema.Literals(["changed", "absent", "present"]) })
    )
  ),
  /** Of a reducer. */
  error: Schema.optionalKey(Value)
})

const Divergence = Schema.Struct({
  at: Cursor,
  txnId: Schema.String,
  instanceId: Schema.String,
  path: Schema.String,
  recorded: Value,
  replayed: Value,
  error: Schema.optionalKey(Value)
})

const Imported = Schema.Struct({
  session: Count,
  label: Schema.String,
  entries: Count,
  /** Whether something was redacted. */
  partial: Schema.Boolean
})

const answers = {
  ...insightAnswers,
  ...handlerAnswers,
  Instances: Schema.Struct({ instances: Schema.Array(Instance) }),
  Counts,
  Backlogs: Schema.Struct({ backlogs: Schema.Array(Backlog) }),
  /** Oldest first. `more`: there are older ones. */
  Page: Schema.Struct({ rows: Schema.Array(Row), more: Schema.Boolean }),
  RowsAt: Schema.Struct({ rows: Schema.Array(Row) }),
  Find: Schema.Struct({
    /** Oldest first. */
    places: Schema.Array(Count),
    /** How many each stands for, with `collapse`; of lost ones, less than nothing: -3 for three, up to that place. */
    counts: Schema.Array(Schema.Int),
    /** It has looked from here on. */
    from: Count,
    /** Whether the first and the last of these are one with those beside. */
    joins: Schema.Struct({ before: Schema.Boolean, after: Schema.Boolean })
  }),
  /** No `place`: it is not known any more, or was never here. */
  Locate: Schema.Struct({ place: Schema.optionalKey(Count) }),
  Causes: Schema.Struct({
    /** Each right after what caused it, or one that was caused by the same. */
    nodes: Schema.Array(CauseNode),
    /** How many more it has caused. */
    more: Count
  }),
  Subscribe: Schema.Struct({ subscription: Count }),
  Unsubscribe: nothing,
  Entry: Schema.Struct({
    row: Row,
    payloads: Schema.Array(Value),
    details: Schema.optionalKey(Value),
    error: Schema.optionalKey(Value),
    /** Where in the code it was made, where the page keeps that: innermost first. */
    sites: Schema.optionalKey(Schema.Array(Site))
  }),
  Inspect: Schema.Struct({ value: Value, parts: Schema.Array(Part) }),
  /** In their order; `issue` where there is nothing to show, and why. */
  Values: Schema.Struct({
    values: Schema.Array(
      Schema.Struct({ value: Schema.optionalKey(Value), issue: Schema.optionalKey(Schema.String) })
    )
  }),
  /** `part` is the text's beginning, at most so many characters and no more than `Text` gives. */
  Print: Schema.Struct({ text: Count, part: Schema.String, length: Count, complete: Schema.Boolean }),
  Diff: Schema.Struct({ changes: Schema.Array(Change), complete: Schema.Boolean }),
  Differing: Schema.Struct({
    instances: Schema.Array(Schema.Struct({ instanceId: Schema.String, moduleId: Schema.String }))
  }),
  /** `values` are what was at the path before and after each of the rows. */
  WhoChanged: Schema.Struct({
    rows: Schema.Array(Row),
    values: Schema.Array(Schema.Struct({ before: Value, after: Value })),
    more: Schema.Boolean
  }),
  Travel: travelled,
  Step: travelled,
  Live: TravelState,
  Lock: TravelState,
  Unlock: TravelState,
  Actions: Schema.Struct({ actions: Schema.Array(Schema.Struct({ tag: Schema.String, form: Form })) }),
  /**
   * `value` is what is there, as the form has it; absent where it is too large, redacted, or has no such JSON. A
   * derived field is computed again whatever is put there.
   */
  Field: Schema.Struct({
    form: Form,
    value: Schema.optionalKey(Schema.Unknown),
    isDerived: Schema.Boolean
  }),
  EndTravelFirst: TravelState,
  Commit: TravelState,
  Revert: travelled,
  Reset: TravelState,
  Pause: TravelState,
  Resume: TravelState,
  LockWhen: TravelState,
  Dispatch: Schema.Struct({ waits: Schema.Boolean }),
  Edit: nothing,
  Recompute: Schema.Struct({
    recomputed: Count,
    entries: Count,
    unchanged: Count,
    changed: Count,
    conflicts: Count,
    failed: Count,
    skipped: Count
  }),
  Outcomes: Schema.Struct({ entries: Schema.Array(Outcome) }),
  Show: TravelState,
  Replay: Schema.Struct({
    divergence: Schema.optionalKey(Divergence),
    /** Entries whose reducers made what was recorded, that no reducer made, and that were redacted. */
    compared: Count,
    given: Count,
    partial: Count,
    missing: Schema.Array(Schema.String)
  }),
  Export: Schema.Struct({ text: Count, length: Count }),
  MakeTest: Schema.Struct({ text: Count, length: Count }),
  TestModules: Schema.Struct({
    modules: Schema.Array(Schema.Struct({ moduleId: Schema.String, file: Schema.optionalKey(Schema.String) }))
  }),
  Text: Schema.Struct({ part: Schema.String, more: Schema.Boolean }),
  Upload: Schema.Struct({ upload: Count, length: Count }),
  Import: Imported,
  /** `problem` says why this session will not be there after the next reload, where it was to be. */
  Earlier: Schema.Struct({
    found: Schema.optionalKey(Imported),
    problem: Schema.optionalKey(Schema.String)
  })
} as const satisfies { readonly [Tag in keyof typeof calls]: Schema.Top }

export const Call = Schema.TaggedUnion(calls)
export type Call = typeof Call.Type
export type CallTag = Call["_tag"]
/** Of what is answered in steps, with `Progress`, and can be cancelled. */
export type SteppedTag = "Earlier" | "Export" | "Import" | "MakeTest" | "Recompute" | "Replay" | "TestModules"
/** Of what is not answered at once. */
export type LongTag = SteppedTag | "RetryLetter"
export type CallOf<Tag extends CallTag> = Extract<Call, { readonly _tag: Tag }>
export type Payload<Tag extends CallTag> = Omit<CallOf<Tag>, "_tag">
export type Success<Tag extends CallTag> = (typeof answers)[Tag]["Type"]

// ---------------------------------------------------------------------------------------------------------
// Messages

/** Decoded before anything else, so that other versions are told so, whatever else they say. */
export const Opening = Schema.TaggedStruct("Hello", { version: Schema.Int })

export const PanelMessage = Schema.TaggedUnion({
  /** The first message, once. `nonce` is the invitation, where the page asks for one. */
  Hello: { version: Schema.Int, nonce: Schema.optionalKey(Name) },
  /** `id` is the panel's choice; the answer has it, too. */
  Request: { id: Count, call: Call },
  /** The answer is not wanted any more. Nothing of it comes after that, or it was sent before. */
  Cancel: { id: Count },
  /** The rows of this subscription, or with 0 the last `Changed` and `Runtimes`, have been taken. */
  Ack: { subscription: Count },
  /** Answers a `Ping`, as any other message does. */
  Pong: {},
  Bye: {}
})
export type PanelMessage = typeof PanelMessage.Type

/** What a refused request is answered by, as long as its id can be read. */
export const Numbered = Schema.TaggedStruct("Request", { id: Count })

export const PageMessage = Schema.TaggedUnion({
  /** `page` is another after each reload; `next` is an invitation for this panel's next connection. */
  Welcome: {
    version: Schema.Int,
    page: Schema.String,
    next: Schema.String,
    runtimes: Schema.Array(RuntimeInfo)
  },
  Unwelcome: {
    version: Schema.Int,
    reason: Schema.Literals(["version", "nonce", "order", "closed"]),
    message: Schema.String
  },
  Reply: { id: Count, value: Schema.Unknown },
  /** How far the page is with the answer to a request, a few times a second. */
  Progress: { id: Count, done: Count, of: Count },
  Failure: { id: Count, error: Answered },
  /** New entries, in their order, at most ten times a second for each subscription. */
  Rows: { subscription: Count, rows: Schema.Array(Row), gap: Gap, counts: Counts },
  /** Instances came or went, or travel or a lock began, moved or ended. */
  Changed: { runtime: Schema.String, travel: TravelState },
  /** A runtime was added or removed, or its status changed. */
  Runtimes: { runtimes: Schema.Array(RuntimeInfo) },
  /** Every 10 s. A panel from which nothing comes after three of them is taken for gone. */
  Ping: {},
  Bye: {}
})
export type PageMessage = typeof PageMessage.Type
export type Rows = Extract<PageMessage, { readonly _tag: "Rows" }>
/** As it is sent: its errors are their fields. */
export type SentByPage = typeof PageMessage.Encoded

/** `issue` says where it does not fit, and why, in a line. */
export type Decoded<A> = { readonly value: A } | { readonly issue: string }

const decoder = <A>(schema: Schema.ConstraintDecoder<A>): ((given: unknown) => Decoded<A>) => {
  const decode = Schema.decodeUnknownExit(schema)
  return (given) => {
    const exit = decode(given)
    if (Exit.isSuccess(exit)) return { value: exit.value }
    return { issue: issueOf(exit) }
  }
}

const maxIssue = 300

/** The path stands at the end, and what was expected may be long. */
const issueOf = (exit: Exit.Failure<unknown, Schema.SchemaError>): string => {
  const [reason] = exit.cause.reasons
  const text = (reason?._tag === "Fail" ? reason.error.message : String(exit.cause)).replaceAll(/\s+/g, " ")
  if (text.length <= maxIssue) return text
  const path = text.slice(Math.max(maxIssue, text.lastIndexOf(" at [")))
  return `${text.slice(0, maxIssue)}…${path.slice(0, maxIssue)}`
}

export const decodeOpening = decoder(Opening)
export const decodeNumbered = decoder(Numbered)
export const decodePanelMessage = decoder(PanelMessage)
export const decodePageMessage = decoder(PageMessage)
/** By the request's tag. */
export const decodeAnswer: { readonly [Tag in CallTag]: (given: unknown) => Decoded<Success<Tag>> } = {
  Instances: decoder(answers.Instances),
  Counts: decoder(answers.Counts),
  Backlogs: decoder(answers.Backlogs),
  Page: decoder(answers.Page),
  RowsAt: decoder(answers.RowsAt),
  Find: decoder(answers.Find),
  Locate: decoder(answers.Locate),
  Causes: decoder(answers.Causes),
  Subscribe: decoder(answers.Subscribe),
  Unsubscribe: decoder(answers.Unsubscribe),
  Entry: decoder(answers.Entry),
  Inspect: decoder(answers.Inspect),
  Values: decoder(answers.Values),
  Print: decoder(answers.Print),
  Diff: decoder(answers.Diff),
  Differing: decoder(answers.Differing),
  Travel: decoder(answers.Travel),
  Step: decoder(answers.Step),
  Live: decoder(answers.Live),
  Lock: decoder(answers.Lock),
  Unlock: decoder(answers.Unlock),
  Actions: decoder(answers.Actions),
  Field: decoder(answers.Field),
  EndTravelFirst: decoder(answers.EndTravelFirst),
  Commit: decoder(answers.Commit),
  Revert: decoder(answers.Revert),
  Reset: decoder(answers.Reset),
  Pause: decoder(answers.Pause),
  Resume: decoder(answers.Resume),
  LockWhen: decoder(answers.LockWhen),
  Dispatch: decoder(answers.Dispatch),
  Edit: decoder(answers.Edit),
  WhoChanged: decoder(answers.WhoChanged),
  Recompute: decoder(answers.Recompute),
  Outcomes: decoder(answers.Outcomes),
  Show: decoder(answers.Show),
  Replay: decoder(answers.Replay),
  Export: decoder(answers.Export),
  MakeTest: decoder(answers.MakeTest),
  Text: decoder(answers.Text),
  Upload: decoder(answers.Upload),
  TestModules: decoder(answers.TestModules),
  Import: decoder(answers.Import),
  Earlier: decoder(answers.Earlier),
  Sample: decoder(answers.Sample),
  Samples: decoder(answers.Samples),
  EndSample: decoder(answers.EndSample),
  Ring: decoder(answers.Ring),
  BeginProfile: decoder(answers.BeginProfile),
  EndProfile: decoder(answers.EndProfile),
  Profile: decoder(answers.Profile),
  Modules: decoder(answers.Modules),
  Readers: decoder(answers.Readers),
  Handlers: decoder(answers.Handlers),
  HandlerEntry: decoder(answers.HandlerEntry),
  RetryLetter: decoder(answers.RetryLetter)
}
export const encodeError = Schema.encodeSync(Answered)
