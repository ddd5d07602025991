/** A recording as a file, and back. A file is not trusted: all of it is checked before anything is made of it. */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type StateCodec, stateCodec } from "./codec.ts"
import { Actions, originFields } from "./entry.ts"
import { formatPath, type Path } from "./paths.ts"
import type { BaseState, RecordedCommit, Recording } from "./recording.ts"
import { type Redaction, redacting } from "./redact.ts"
import { allSteps, share, type Steps } from "./slices.ts"

/** What was to be imported is not what `exportSession` has made. */
export class InvalidSession extends Data.TaggedError("InvalidSession")<{
  /** Where, as in `entries[3].origin.kind`; of text that is no JSON, the character. */
  readonly place: string
  readonly issue: string
}> {
  override get message() {
    return `The session cannot be imported: ${this.issue}, at ${this.place}. Nothing was changed; export it again, or take the file as it was exported.`
  }
}

export interface ExportOptions {
  /** Default: `stateCodec()`. */
  readonly codec?: StateCodec
  /** What must not get into the file. */
  readonly redact?: Redaction
}

export interface ImportOptions {
  /** Default: `stateCodec()`. */
  readonly codec?: StateCodec
  /** In characters. Default 100,000,000. */
  readonly maxLength?: number
}

export const defaultMaxLength = 100_000_000

const Origin = Schema.Struct({ ...originFields, details: Schema.optionalKey(Schema.Unknown) })

const Base = Schema.Struct({
  instanceId: Schema.String,
  moduleId: Schema.String,
  state: Schema.Unknown,
  partial: Schema.optionalKey(Schema.Literals([true])),
  sum: Schema.String
})

const Entry = Schema.Struct({
  // Of an instance that the base does not have, the state that it begins with.
  begin: Schema.optionalKey(Schema.Unknown),
  seq: Schema.Int,
  txnId: Schema.String,
  groupId: Schema.optionalKey(Schema.String),
  instanceId: Schema.String,
  moduleId: Schema.String,
  origin: Origin,
  cause: Schema.optionalKey(Schema.String),
  actions: Actions,
  startedAt: Schema.Finite,
  partial: Schema.optionalKey(Schema.Literals(["states", "actions"])),
  passed: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  // What leads from the state that was recorded last to the one that it was made at, where something is missing.
  gap: Schema.optionalKey(Schema.Unknown),
  patch: Schema.Unknown,
  sum: Schema.String
})

/**
 * The file's shape. `state`, `payload`, `details`, `gap` and `patch` are the codec's. Each `sum` is of its entry and
 * all before it, the last one of the whole: they find what is damaged, and keep nobody from writing another.
 */
const Document = Schema.Struct({
  format: Schema.Literal(1),
  label: Schema.String,
  base: Schema.Array(Base),
  entries: Schema.Array(Entry),
  sum: Schema.String
})

type Base = typeof Base.Type
type Entry = typeof Entry.Type

/** FNV-1a of the code units. Finds damage; anyone can make it fit. */
const sumOf = (seed: string, text: string): string => {
  let hash = 0x811c9dc5
  for (const part of [seed, text]) {
    for (let at = 0; at < part.length; at++) hash = Math.imul(hash ^ part.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0).toString(16).padStart(8, "0")
}

type Written<A> = Omit<A, "sum">

// By name, so that the order of an object's fields is of no matter; what is undefined is left out.
const baseText = ({ instanceId, moduleId, partial, state }: Written<Base>): string =>
  JSON.stringify({ instanceId, moduleId, state, partial })

const entryText = (entry: Written<Entry>): string => {
  const { cause, gap, groupId, instanceId, moduleId, origin, partial, passed, patch, seq, startedAt, txnId } =
    entry
  return JSON.stringify({
    begin: entry.begin,
    seq,
    txnId,
    groupId,
    instanceId,
    moduleId,
    origin: { kind: origin.kind, name: origin.name, details: origin.details },
    cause,
    actions: entry.actions.map(({ _tag, payload }) => ({ _tag, payload })),
    startedAt,
    partial,
    passed,
    gap,
    patch
  })
}

/** Writes a file line by line. What it has written so far can be made a whole file at any time. */
export class SessionWriter {
  readonly #label: string
  readonly #codec: StateCodec
  readonly #states = new Map<string, unknown>()
  #sum: string

  constructor(label: string, codec: StateCodec = stateCodec()) {
    this.#label = label
    this.#codec = codec
    this.#sum = sumOf("", label)
  }

  #line(text: string): string {
    this.#sum = sumOf(this.#sum, text)
    return `${text.slice(0, -1)},"sum":"${this.#sum}"}`
  }

  base(base: BaseState): string {
    this.#states.set(base.instanceId, base.state)
    return this.#line(baseText(encodeBase(base, this.#codec)))
  }

  entry(commit: RecordedCommit): string {
    const { instanceId, next, previous } = commit
    const isNew = !this.#states.has(instanceId)
    const state = isNew ? previous : this.#states.get(instanceId)
    this.#states.set(instanceId, next)
    const entry = encodeCommit(commit, state, this.#codec)
    return this.#line(entryText(isNew ? { begin: this.#codec.encode(previous), ...entry } : entry))
  }

  get head(): SessionHead {
    return { label: this.#label, sum: this.#sum }
  }
}

/** What a file says besides its lines. */
export interface SessionHead {
  readonly label: string
  /** Of all lines. */
  readonly sum: string
}

/** The file of these lines, which `SessionWriter` has written. */
export const fileOf = (
  { label, sum }: SessionHead,
  bases: ReadonlyArray<string>,
  entries: ReadonlyArray<string>
): string => {
  const list = (lines: ReadonlyArray<string>) => (lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n]`)
  return `{"format":1,"label":${JSON.stringify(label)},"base":${list(bases)},"entries":${list(entries)},"sum":"${sum}"}\n`
}

/** JSON, with a line for each entry. Importing it, and exporting that, gives the same text. */
export const exportSession = (recording: Recording, options: ExportOptions = {}): string =>
  allSteps(exporting(recording, options))

/** As `exportSession`, in steps. */
export function* exporting(
  recording: Recording,
  { codec = stateCodec(), redact }: ExportOptions = {}
): Steps<string> {
  if (redact === undefined) return yield* writing(recording, codec)
  const redacted = yield* share(redacting(recording, redact), 0, 0.5)
  return yield* share(writing(redacted, codec), 0.5, 1)
}

function* writing({ base, commits, label }: Recording, codec: StateCodec): Steps<string> {
  const writer = new SessionWriter(label, codec)
  const bases: Array<string> = []
  for (const each of base) {
    bases.push(writer.base(each))
    yield { done: 0, of: commits.length }
  }
  const entries: Array<string> = []
  for (const commit of commits) yield { done: entries.push(writer.entry(commit)), of: commits.length }
  return fileOf(writer.head, bases, entries)
}

const encodeBase = ({ instanceId, moduleId, partial, state }: BaseState, codec: StateCodec) => ({
  instanceId,
  moduleId,
  state: codec.encode(state),
  ...(partial === true ? { partial } : {})
})

const encodeCommit = (commit: RecordedCommit, state: unknown, codec: StateCodec) => {
  const { actions, cause, groupId, instanceId, moduleId, next, origin, partial, previous } = commit
  return {
    seq: commit.seq,
    txnId: commit.txnId,
    ...(groupId === undefined ? {} : { groupId }),
    instanceId,
    moduleId,
    origin: {
      kind: origin.kind,
      name: origin.name,
      ...(origin.details === undefined ? {} : { details: codec.encode(origin.details) })
    },
    ...(cause === undefined ? {} : { cause }),
    actions: actions.map((action) => ({
      _tag: action._tag,
      ...("payload" in action ? { payload: codec.encode(action.payload) } : {})
    })),
    startedAt: commit.startedAt,
    ...(partial === undefined ? {} : { partial }),
    ...(commit.passed === undefined ? {} : { passed: commit.passed }),
    ...(state === previous ? {} : { gap: codec.patch(state, previous) }),
    patch: codec.patch(previous, next)
  }
}

const validator = <A>(schema: Schema.Codec<A, unknown>) =>
  Schema.toStandardSchemaV1(schema, { parseOptions: { onExcessProperty: "error" } })["~standard"].validate

/** Its parts are checked one after the other, each by itself. */
const validate = validator(
  Schema.Struct({
    ...Document.fields,
    base: Schema.Array(Schema.Unknown),
    entries: Schema.Array(Schema.Unknown)
  })
)
const validateBase = validator(Base)
const validateEntry = validator(Entry)

/**
 * What `exportSession` has written. Everything is checked first, and nothing in it is ever run: what does not fit
 * is refused with its place, and then nothing has been made of any of it.
 */
export const importSession = (
  text: string,
  options: ImportOptions = {}
): Result.Result<Recording, InvalidSession> => allSteps(importing(text, options))

/** As `importSession`, in steps. */
export function* importing(
  text: string,
  { codec = stateCodec(), maxLength = defaultMaxLength }: ImportOptions = {}
): Steps<Result.Result<Recording, InvalidSession>> {
  try {
    return Result.succeed(yield* read(text, codec, maxLength))
  } catch (error) {
    return Result.fail(error instanceof InvalidSession ? error : refused("the file", error))
  }
}

const refused = (place: string, error: unknown): InvalidSession => {
  const path: unknown =
    typeof error === "object" && error !== null && "path" in error ? error.path : undefined
  const steps: ReadonlyArray<unknown> = Array.isArray(path) ? path : []
  const inside = steps.length > 0 ? formatPath(steps.map(keyOf)) : undefined
  const where = inside === undefined ? place : `${place}${inside.startsWith("[") ? "" : "."}${inside}`
  const issue: unknown =
    typeof error === "object" && error !== null && "issue" in error ? error.issue : undefined
  if (typeof issue === "string") return new InvalidSession({ place: where, issue })
  return new InvalidSession({ place: where, issue: error instanceof Error ? error.message : String(error) })
}

/** A patch's steps say also what they lead into. */
const keyOf = (step: unknown): unknown =>
  typeof step === "object" && step !== null && "key" in step ? step.key : step

const within = <A>(place: string, body: () => A): A => {
  try {
    return body()
  } catch (error) {
    throw error instanceof InvalidSession ? error : refused(place, error)
  }
}

function* read(text: string, codec: StateCodec, maxLength: number): Steps<Recording> {
  if (text.length > maxLength)
    throw new InvalidSession({
      place: `character ${maxLength}`,
      issue: `it has ${text.length} characters, and ${maxLength} are allowed`
    })
  const document = yield* check(within("the text", () => JSON.parse(text) as unknown))
  let sum = sumOf("", document.label)
  const checkSum = (place: string, text: string, given: string) => {
    sum = sumOf(sum, text)
    if (given !== sum)
      throw new InvalidSession({ place, issue: "it, or what is before it, is not as it was exported" })
  }

  const of = document.entries.length
  const base: Array<BaseState> = []
  for (const [at, each] of document.base.entries()) {
    yield { done: 0, of }
    const place = `base[${at}]`
    within(place, () => checkSum(place, baseText(each), each.sum))
    const { instanceId, moduleId, partial } = each
    const state = within(`${place}.state`, () => codec.decode(each.state))
    base.push({ instanceId, moduleId, state, ...(partial === undefined ? {} : { partial }) })
  }
  const states = new Map(base.map(({ instanceId, state }) => [instanceId, state]))
  let seq = -Infinity
  const commits: Array<RecordedCommit> = []
  for (const [at, entry] of document.entries.entries()) {
    yield { done: at, of }
    const place = `entries[${at}]`
    within(place, () => checkSum(place, entryText(entry), entry.sum))
    if (entry.seq <= seq)
      throw new InvalidSession({ place: `${place}.seq`, issue: "it is not later than the one before" })
    seq = entry.seq
    if (states.has(entry.instanceId) === "begin" in entry)
      throw new InvalidSession({
        place: `${place}.instanceId`,
        issue: "begin" in entry ? "it has a state already" : "the base has no state of this instance"
      })
    if ("begin" in entry)
      states.set(
        entry.instanceId,
        within(`${place}.begin`, () => codec.decode(entry.begin))
      )
    const commit = decodeCommit(entry, states.get(entry.instanceId), place, codec)
    states.set(entry.instanceId, commit.next)
    commits.push(commit)
  }
  if (document.sum !== sum) throw new InvalidSession({ place: "sum", issue: "entries are missing" })
  return { label: document.label, base, commits }
}

function* check(value: unknown): Steps<typeof Document.Type> {
  const document = checked(validate(value), [])
  const of = document.entries.length
  const base: Array<Base> = []
  const entries: Array<Entry> = []
  for (const [at, each] of document.base.entries()) {
    base.push(checked(validateBase(each), ["base", at]))
    yield { done: 0, of }
  }
  for (const [at, each] of document.entries.entries()) {
    entries.push(checked(validateEntry(each), ["entries", at]))
    yield { done: 0, of }
  }
  return { ...document, base, entries }
}

const checked = <A>(result: ReturnType<ReturnType<typeof validator<A>>>, at: Path): A => {
  if (result instanceof Promise)
    throw new InvalidSession({ place: "the file", issue: "its schema is asynchronous" })
  if (result.issues === undefined) return result.value
  const [issue] = result.issues
  const inside: Path = (issue?.path ?? []).map((step) => (typeof step === "object" ? step.key : step))
  const path = [...at, ...inside]
  throw new InvalidSession({
    place: path.length === 0 ? "the file" : formatPath(path),
    issue: (issue?.message ?? "it does not fit").replaceAll(/\s+/g, " ")
  })
}

const decodeCommit = (entry: Entry, state: unknown, place: string, codec: StateCodec): RecordedCommit => {
  const { groupId, instanceId, moduleId, partial, passed, seq, startedAt, txnId } = entry
  const previous = "gap" in entry ? within(`${place}.gap`, () => codec.apply(entry.gap, state)) : state
  return {
    seq,
    txnId,
    ...(groupId === undefined ? {} : { groupId }),
    instanceId,
    moduleId,
    origin: {
      kind: entry.origin.kind,
      name: entry.origin.name,
      ...("details" in entry.origin
        ? { details: within(`${place}.origin.details`, () => codec.decode(entry.origin.details)) }
        : {})
    },
    cause: entry.cause,
    actions: entry.actions.map((action, at) => ({
      _tag: action._tag,
      ...("payload" in action
        ? { payload: within(`${place}.actions[${at}].payload`, () => codec.decode(action.payload)) }
        : {})
    })),
    previous,
    next: within(`${place}.patch`, () => codec.apply(entry.patch, previous)),
    startedAt,
    ...(partial === undefined ? {} : { partial }),
    ...(passed === undefined ? {} : { passed })
  }
}
