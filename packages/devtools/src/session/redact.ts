/** Leaves out what must not leave the page. */
import { Collection, type Commit } from "@sluice/core"
import * as Chunk from "effect/Chunk"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import { isKey, isPlain, ownValue, type Path, valueAt } from "./paths.ts"
import type { BaseState, RecordedCommit, Recording } from "./recording.ts"
import { allSteps, type Steps } from "./slices.ts"

/**
 * A place, outermost first, as in `users.*.email`: names of fields, indices, keys of a Map, a HashMap or a Collection;
 * `*` for any. As a list where a key has a dot in it. The empty string is the whole.
 */
export type RedactedPath = string | ReadonlyArray<string | number>

export interface RedactionRule {
  /** The module's id. */
  readonly module: string
  /** In its states. */
  readonly state?: ReadonlyArray<RedactedPath>
  /** In the payloads of its actions, by tag. */
  readonly payload?: Readonly<Record<string, ReadonlyArray<RedactedPath>>>
  /** In the details of its entries' origins. */
  readonly details?: ReadonlyArray<RedactedPath>
}

/** Stands where something was. It is plain, so that it crosses a port and a file as it is. */
export const redacted: Readonly<Record<string, unknown>> = Object.freeze({ "~redacted": true })

export const isRedacted = (value: unknown): boolean =>
  value === redacted || (isPlain(value) && value["~redacted"] === true && Object.keys(value).length === 1)

/** The path, up to where something is redacted: a step can say as much as a value. */
export const seenPath = (state: unknown, path: Path): Path => {
  let value = state
  for (const [at, step] of path.entries()) {
    if (isRedacted(value) || (value instanceof Set && [...value].some(isRedacted))) return path.slice(0, at)
    value = valueAt(value, [step])
  }
  return path
}

/** Whether what stands at the path, if anything does, may be seen. */
export const isSeen = (state: unknown, path: Path): boolean =>
  seenPath(state, path).length === path.length && !isRedacted(valueAt(state, path))

/**
 * Values come back as they are where nothing in them is redacted; otherwise as copies, which share what the values
 * share. A part that cannot be copied, such as a class instance with the place in it, is redacted as a whole.
 */
export interface Redaction {
  readonly state: <S>(moduleId: string, state: S) => unknown
  /** Whether its states are redacted as a whole: then not even what they have is to be seen. */
  readonly isWhole: (moduleId: string) => boolean
  readonly action: (moduleId: string, action: Commit.AnyAction) => Commit.AnyAction
  /** Of an entry's origin. */
  readonly details: (moduleId: string, details: unknown) => unknown
  readonly base: (base: BaseState) => BaseState
  readonly commit: (commit: RecordedCommit) => RecordedCommit
}

/** Remembers what it has made of each part, for as long as that part lives. */
export const makeRedaction = (rules: ReadonlyArray<RedactionRule>): Redaction => {
  const states = new Map<string, Node>()
  const payloads = new Map<string, Node>()
  const origins = new Map<string, Node>()
  const add = (nodes: Map<string, Node>, key: string, paths: ReadonlyArray<RedactedPath>) => {
    const node = nodes.get(key) ?? new Node()
    nodes.set(key, node)
    for (const path of paths) node.add(stepsOf(path))
  }
  for (const { details = [], module, payload = {}, state = [] } of rules) {
    add(states, module, state)
    add(origins, module, details)
    for (const [tag, paths] of Object.entries(payload)) add(payloads, keyOf(module, tag), paths)
  }

  const state = (moduleId: string, value: unknown): unknown => states.get(moduleId)?.of(value) ?? value
  const action = (moduleId: string, given: Commit.AnyAction): Commit.AnyAction => {
    const node = payloads.get(keyOf(moduleId, given._tag))
    if (node === undefined || !("payload" in given)) return given
    const payload = node.of(given.payload)
    return payload === given.payload ? given : { ...given, payload }
  }
  const details = (moduleId: string, given: unknown): unknown => origins.get(moduleId)?.of(given) ?? given
  return {
    state,
    isWhole: (moduleId) => states.get(moduleId)?.isEnd === true,
    action,
    details,
    base: (base) => {
      const after = state(base.moduleId, base.state)
      return after === base.state ? base : { ...base, state: after, partial: true }
    },
    commit: (commit) => {
      const { moduleId } = commit
      const previous = state(moduleId, commit.previous)
      const next = state(moduleId, commit.next)
      const actions = commit.actions.map((given) => action(moduleId, given))
      const areActions = actions.some((given, at) => given !== commit.actions[at])
      const given = commit.origin.details
      const kept = details(moduleId, given)
      if (!areActions && previous === commit.previous && next === commit.next && kept === given) return commit
      return {
        ...commit,
        origin: kept === given ? commit.origin : { ...commit.origin, details: kept },
        previous,
        next,
        actions: areActions ? actions : commit.actions,
        partial: areActions || commit.partial === "actions" ? "actions" : "states"
      }
    }
  }
}

export const redactRecording = (recording: Recording, redaction: Redaction): Recording =>
  allSteps(redacting(recording, redaction))

/** As `redactRecording`, in steps. */
export function* redacting(recording: Recording, { base, commit }: Redaction): Steps<Recording> {
  const bases: Array<BaseState> = []
  const commits: Array<RecordedCommit> = []
  for (const each of recording.base) {
    bases.push(base(each))
    yield { done: 0, of: recording.commits.length }
  }
  for (const each of recording.commits)
    yield { done: commits.push(commit(each)), of: recording.commits.length }
  return { ...recording, base: bases, commits }
}

const keyOf = (moduleId: string, tag: string): string => JSON.stringify([moduleId, tag])

const stepsOf = (path: RedactedPath): ReadonlyArray<string> => {
  if (typeof path !== "string") return path.map(String)
  return path === "" ? [] : path.split(".")
}

/** Which is not run to see what it gives. */
const isAccessor = (value: object, name: string): boolean =>
  Object.getOwnPropertyDescriptor(value, name)?.get !== undefined

/** What is to be redacted below one place. */
class Node {
  /** Written by `add`. */
  isEnd = false
  private readonly children = new Map<string, Node>()
  private readonly known = new WeakMap<object, unknown>()

  add([step, ...rest]: ReadonlyArray<string>): void {
    if (step === undefined) {
      this.isEnd = true
      return
    }
    const child = this.children.get(step) ?? new Node()
    this.children.set(step, child)
    child.add(rest)
  }

  of(value: unknown): unknown {
    if (value === undefined) return value
    if (this.isEnd) return isRedacted(value) ? value : redacted
    if (typeof value !== "object" || value === null || isRedacted(value)) return value
    if (this.known.has(value)) return this.known.get(value)
    // For a cycle that comes back here.
    this.known.set(value, redacted)
    const made = this.made(value)
    this.known.set(value, made)
    return made
  }

  private part(step: unknown, value: unknown): unknown {
    let result = value
    for (const name of ["*", ...(isKey(step) ? [String(step)] : [])]) {
      const child = this.children.get(name)
      if (child !== undefined) result = child.of(result)
    }
    return result
  }

  private made(value: object): unknown {
    if (Collection.isCollection(value)) return this.rows(value)
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, at) => this.part(at, item))
      return items.every((item, at) => Object.is(item, value[at])) ? value : items
    }
    if (value instanceof Map) {
      const entries = Array.from(value, ([key, item]) => [key, this.part(key, item)] as const)
      return entries.every(([key, item]) => Object.is(item, value.get(key))) ? value : new Map(entries)
    }
    if (value instanceof Set) {
      const members = Array.from(value, (member) => this.part(undefined, member))
      return members.every((member) => value.has(member)) ? value : new Set(members)
    }
    // Their own fields are not the places that a rule names.
    if (HashMap.isHashMap(value)) {
      const entries = HashMap.toEntries(value).map(
        ([key, item]) => [key, item, this.part(key, item)] as const
      )
      return entries.every(([, item, now]) => Object.is(item, now))
        ? value
        : HashMap.fromIterable(entries.map(([key, , now]) => [key, now] as const))
    }
    if (HashSet.isHashSet(value)) {
      const members = Array.from(value, (member) => [member, this.part(undefined, member)] as const)
      return members.every(([member, now]) => Object.is(member, now))
        ? value
        : HashSet.fromIterable(members.map(([, now]) => now))
    }
    if (Chunk.isChunk(value)) {
      const items = Chunk.toReadonlyArray(value).map((item, at) => [item, this.part(at, item)] as const)
      return items.every(([item, now]) => Object.is(item, now))
        ? value
        : Chunk.fromIterable(items.map(([, now]) => now))
    }
    return this.fields(value)
  }

  private fields(value: object): unknown {
    const changed: Array<readonly [string, unknown]> = []
    for (const name of Object.keys(value)) {
      if (isAccessor(value, name)) {
        if (this.reaches(name)) return redacted
        continue
      }
      const field = ownValue(value, name)
      const now = this.part(name, field)
      if (!Object.is(now, field)) changed.push([name, now])
    }
    if (changed.length === 0) return value
    if (!isPlain(value)) return redacted
    const copy = Object.create(Object.getPrototypeOf(value) as object | null) as object
    Object.defineProperties(copy, Object.getOwnPropertyDescriptors(value))
    for (const [name, now] of changed)
      Object.defineProperty(copy, name, { value: now, enumerable: true, writable: true, configurable: true })
    return copy
  }

  private reaches(name: string): boolean {
    return this.children.has("*") || this.children.has(name)
  }

  /** A row that has lost its key cannot stand in its collection. */
  private rows(value: Collection.Collection<unknown, string | number>): unknown {
    let result = value
    for (const [key, row] of value.entries()) {
      const now = this.part(key, row)
      if (Object.is(now, row)) continue
      try {
        result = result.update(key, () => now)
      } catch {
        return redacted
      }
    }
    return result
  }
}
