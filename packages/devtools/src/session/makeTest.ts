/** A recorded session as a test. */
import { isAbsolute } from "@sluice/core/Replay"
import * as Data from "effect/Data"
import { type StateCodec, stateCodec } from "./codec.ts"
import { extentOf } from "./history.ts"
import { edit, literal, quoted, type Writing } from "./literal.ts"
import { formatPath } from "./paths.ts"
import { type RecomputedEntry, recomputing } from "./recompute.ts"
import { baseStates, type RecordedCommit, type Recording, travelsOf } from "./recording.ts"
import type { Reducers } from "./reducers.ts"
import { allSteps, share, type Steps } from "./slices.ts"

/** A module's file is not known: neither did `Module.make` get its `source`, nor the caller name it. */
export class ModuleFileUnknown extends Data.TaggedError("ModuleFileUnknown")<{ readonly moduleId: string }> {
  override get message() {
    return `The file of module ${JSON.stringify(this.moduleId)} is not known. Give its Module.make source: import.meta.url, or name the file.`
  }
}

/** No test can be made of this selection, because of this entry. */
export class TestNotMade extends Data.TaggedError("TestNotMade")<{
  readonly txnId: string
  readonly issue: string
}> {
  override get message() {
    return `No test can be made with ${this.txnId}: ${this.issue}. Select other entries.`
  }
}

export interface TestOptions {
  readonly reducers: Reducers
  /** For values that have no literal. Default: `stateCodec()`. */
  readonly codec?: StateCodec
  /** The entries to replay; groups (T11) as a whole. Default: all. */
  readonly select?: (commit: RecordedCommit) => boolean
  /** The test's own file, as a path or URL: modules are imported relative to it. */
  readonly file: string
  /** Files by module id, as paths or URLs; else a module's `source`. */
  readonly modules?: Readonly<Record<string, string>>
  /** Default: the names of the entries. */
  readonly name?: string
}

/**
 * The text of a vitest file. It starts each module that has an entry among the selected in the state from before the
 * first of them, without its logics, makes the selected entries anew, and expects the states that they come to: those
 * recorded, or where entries between them are left out, those that they come to without (`recompute`).
 *
 * Throws ModuleFileUnknown; and TestNotMade where something was redacted, a reducer throws without what is left out,
 * or an entry would conflict with it.
 */
export const makeTest = (recording: Recording, options: TestOptions): string =>
  allSteps(makingTest(recording, options))

/** As `makeTest`, in steps. */
export function* makingTest(recording: Recording, options: TestOptions): Steps<string> {
  const { codec = stateCodec(), file, reducers, select = () => true } = options
  const travels = travelsOf(recording.commits)
  const all = recording.commits.filter((commit) => !travels.has(commit))
  const chosen = all.filter(select).map(({ txnId }) => txnId)
  const selected = extentOf(all, chosen, false)
  const entries = yield* share(entriesOf(recording, selected, reducers), 0, 0.5)
  const uses = new Set<string>()
  const helpers = new Set(["startAlone"])
  const writing: Writing = {
    uses: (name) => uses.add(name),
    other: (value, indent) => {
      helpers.add("decoded")
      return `decoded(${literal(codec.encode(value), writing, indent)})`
    }
  }
  const names = new Map<string, string>()
  const starts: Array<string> = []
  const ends: Array<string> = []
  const imports = new Map<string, string>()
  for (const { commit, previous } of entries) {
    const { instanceId, moduleId } = commit
    if (names.has(instanceId)) continue
    const name = unusedName(moduleId, new Set(names.values()))
    names.set(instanceId, name)
    const where = options.modules?.[moduleId] ?? reducers.source(commit)
    if (where === undefined) throw new ModuleFileUnknown({ moduleId })
    const from = relativeTo(file, where)
    const imported = imports.get(from) ?? `file${imports.size + 1}`
    imports.set(from, imported)
    const start = literal(previous, writing, "  ")
    starts.push(
      `  const ${name} = startAlone(${imported}, ${quoted(moduleId)}, ${start})`,
      `  onTestFinished(${name}.dispose)`
    )
  }
  const steps: Array<string> = []
  for (const entry of entries) {
    const done = steps.push(`  ${stepOf(entry, names, reducers, writing)}`)
    yield { done: Math.floor((entries.length + done) / 2), of: entries.length }
  }
  const last = new Map(entries.map(({ commit, next }) => [commit.instanceId, next]))
  for (const [instanceId, state] of last) {
    const got = `${names.get(instanceId) ?? ""}.getState`
    const expected = literal(state, writing, "  ")
    // The compiler cannot tell the rows of a collection without any.
    const type = /Collection\.make\("(?:[^"\\]|\\.)*"\)/.test(expected) ? `<ReturnType<typeof ${got}>>` : ""
    ends.push(`  expect(${got}()).toEqual${type}(${expected})`)
  }

  const title = options.name ?? titleOf(entries)
  return [
    ...(uses.size === 0 ? [] : [`import { ${[...uses].join(", ")} } from "@sluice/core"`]),
    `import { ${[...helpers].sort().join(", ")} } from "@sluice/devtools/session"`,
    `import { expect, onTestFinished, test } from "vitest"`,
    ...Array.from(imports, ([from, name]) => `import * as ${name} from ${quoted(from)}`),
    "",
    `test(${quoted(title)}, () => {`,
    ...starts,
    "",
    ...steps,
    "",
    ...ends,
    "})",
    ""
  ].join("\n")
}

/** The selected ones, each with the states before and after it. */
function* entriesOf(
  recording: Recording,
  selected: ReadonlySet<string>,
  reducers: Reducers
): Steps<ReadonlyArray<RecomputedEntry>> {
  const { base, commits } = recording
  const first = commits.findIndex(({ txnId }) => selected.has(txnId))
  const last = commits.findLastIndex(({ txnId }) => selected.has(txnId))
  const states = new Map(baseStates(recording))
  const partial = new Set(base.flatMap(({ instanceId, partial }) => (partial === true ? [instanceId] : [])))
  for (const { instanceId, next } of commits.slice(0, Math.max(first, 0))) states.set(instanceId, next)
  const between = first < 0 ? [] : commits.slice(first, last + 1)
  const part: Recording = {
    ...recording,
    base: base.map((each) => ({ ...each, state: states.get(each.instanceId) })),
    commits: between
  }
  const travels = travelsOf(between)
  const skip = between
    .filter((commit) => !selected.has(commit.txnId) && !travels.has(commit))
    .map(({ txnId }) => txnId)
  const { entries } = yield* recomputing(part, { skip }, reducers)
  return entries.filter(({ commit, outcome }) => {
    const { instanceId, txnId } = commit
    if (outcome._tag === "skipped" || !selected.has(txnId)) return false
    if (commit.partial !== undefined || partial.has(instanceId))
      throw new TestNotMade({ txnId, issue: "something in it was redacted" })
    if (outcome._tag === "failed")
      throw new TestNotMade({ txnId, issue: `it fails without what is left out: ${String(outcome.error)}` })
    if (outcome._tag === "conflict") {
      const places = outcome.conflicts.map(({ path }) => formatPath(path)).join(", ")
      throw new TestNotMade({
        txnId,
        issue: `what it wrote was also changed by what is left out, at ${places}`
      })
    }
    return true
  })
}

const stepOf = (
  { commit, next, previous }: RecomputedEntry,
  names: ReadonlyMap<string, string>,
  reducers: Reducers,
  writing: Writing
): string => {
  const name = names.get(commit.instanceId) ?? ""
  const { actions, origin } = commit
  const written = (action: unknown) => literal(action, writing, "  ")
  if (isReduced(commit, previous, reducers)) {
    const [action] = actions
    return actions.length === 1
      ? `${name}.dispatch(${written(action)})`
      : `${name}.dispatchBatch(${written(actions)})`
  }
  const isGiven = isAbsolute(commit) || origin.kind === "source-refresh" || actions.length > 0
  const except = isGiven ? [] : [...reducers.computed(commit), ...reducers.sources(commit)]
  const expression = edit("state", previous, next, writing, "  ", except)
  // An object in the place of a function's body is in brackets.
  const body = expression.startsWith("{") ? `(${expression})` : expression
  const from = expression.includes("state") ? "(state)" : "()"
  return isGiven
    ? `${name}.give(${from} => ${body})`
    : `${name}.write(${quoted(origin.name)}, ${from} => ${body})`
}

const isReduced = (commit: RecordedCommit, state: unknown, reducers: Reducers): boolean => {
  try {
    return reducers.rerun(commit, state) !== undefined
  } catch {
    // The test will say so.
    return true
  }
}

const titleOf = (entries: ReadonlyArray<RecomputedEntry>): string => {
  const names = entries.map(({ commit }) => commit.origin.name)
  const shown = names.slice(0, 4).join(", ")
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown || "nothing"
}

const reserved = new Set([
  "test",
  "expect",
  "startAlone",
  "decoded",
  "onTestFinished",
  "Collection",
  "state",
  "row"
])

const unusedName = (moduleId: string, taken: ReadonlySet<string>): string => {
  const words = moduleId.match(/[\p{L}\p{N}]+/gu) ?? []
  const joined = words.map((word, at) => (at === 0 ? lower(word) : upper(word))).join("")
  const base = /^\p{L}/u.test(joined) ? joined : `module${upper(joined)}`
  for (let at = 1; ; at++) {
    // A number at the end of each, so that none is a word of the language.
    const name =
      at === 1 && base.length > 0 && !keywords.has(base) && !/^file\d/.test(base) ? base : `${base}${at}`
    if (!taken.has(name) && !reserved.has(name)) return name
  }
}

const lower = (word: string) => word.slice(0, 1).toLowerCase() + word.slice(1)
const upper = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1)

const keywords: ReadonlySet<string> = new Set(
  "await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield arguments eval undefined".split(
    " "
  )
)

/** Of files in the same tree as a relative import; else as it is, without what a server of modules adds. */
const relativeTo = (file: string, target: string): string => {
  const [from, to] = [pathOf(file), pathOf(target)]
  if (!to.startsWith("/")) return to.startsWith(".") ? to : `./${to}`
  if (!from.startsWith("/")) return to
  const [here, there] = [from.split("/").slice(0, -1), to.split("/")]
  let shared = 0
  while (shared < here.length && shared < there.length - 1 && here[shared] === there[shared]) shared++
  // Of nothing but the root: a path of a server, and a path of the disk.
  if (shared <= 1 && here.length > 1) return to
  const up = here.slice(shared).map(() => "..")
  const down = there.slice(shared).join("/")
  return up.length === 0 ? `./${down}` : `${up.join("/")}/${down}`
}

/** Of `file:`, and of a server of modules such as Vite. */
const pathOf = (file: string): string => {
  if (!/^[a-z]+:\/\//.test(file)) return file.replaceAll("\\", "/")
  const path = decodeURIComponent(new URL(file).pathname).replace(/^\/@fs\//, "/")
  // A drive of Windows.
  return path.replace(/^\/([A-Za-z]:\/)/, "$1")
}
