/** Looks through the entries of a log, a bounded number at a time. */
import { lineOf } from "../inspect.ts"
import type { Found, Log } from "./log.ts"
import type { Filter, Success } from "./messages.ts"

/** Entries that are looked at for one request. */
export const maxLookedAt = 5000

interface Facts {
  readonly txnId: string
  readonly instanceId: string
  readonly groupId?: string
  readonly origin: { readonly kind: string; readonly name: string }
  readonly tags: ReadonlyArray<string>
  readonly outcome: string
  readonly error: unknown
}

const factsOf = (found: Found): Facts => {
  if (!("commit" in found)) return { error: undefined, ...found.event }
  const { actions, groupId, instanceId, origin, txnId } = found.commit
  const tags = actions.map(({ _tag }) => _tag)
  return {
    txnId,
    instanceId,
    ...(groupId === undefined ? {} : { groupId }),
    origin,
    tags,
    outcome: "commit",
    error: undefined
  }
}

const textOf = ({ error, origin, outcome, tags, txnId }: Facts): string =>
  [
    txnId,
    origin.kind,
    origin.name,
    ...tags,
    outcome === "commit" ? "" : outcome,
    error === undefined ? "" : lineOf(error)
  ]
    .join(" ")
    .toLowerCase()

const wordsOf = (text: string) => {
  const words = text.toLowerCase().split(/\s+/)
  return {
    wanted: words.filter((word) => word !== "" && !word.startsWith("-")),
    unwanted: words.filter((word) => word.length > 1 && word.startsWith("-")).map((word) => word.slice(1))
  }
}

const isOneOf = (values: ReadonlyArray<string> | undefined) => {
  const set = values && new Set(values)
  return (value: string) => set?.has(value) ?? true
}

/** Payloads are only looked at for words that the rest does not have. */
const makeFilter = (log: Log, { instances, kinds, outcomes, text = "" }: Filter) => {
  const { unwanted, wanted } = wordsOf(text)
  const isKind = isOneOf(kinds)
  const isOutcome = isOneOf(outcomes)
  const isInstance = isOneOf(instances)
  const hasWords = (found: Found, facts: Facts) => {
    if (wanted.length + unwanted.length === 0) return true
    const known = textOf(facts)
    if (unwanted.some((word) => known.includes(word))) return false
    const missing = wanted.filter((word) => !known.includes(word))
    if (missing.length + unwanted.length === 0) return true
    const payload = lineOf(log.payloadOf(found)).toLowerCase()
    return missing.every((word) => payload.includes(word)) && !unwanted.some((word) => payload.includes(word))
  }
  return (found: Found, facts: Facts): boolean =>
    isKind(facts.origin.kind) &&
    isOutcome(facts.outcome) &&
    isInstance(facts.instanceId) &&
    hasWords(found, facts)
}

/** Whether they are the same but for when, and for what they were given and made. Those of a group are not. */
const isAlike = (a: Facts | undefined, b: Facts | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.groupId === undefined &&
  b.groupId === undefined &&
  a.instanceId === b.instanceId &&
  a.outcome === b.outcome &&
  a.origin.kind === b.origin.kind &&
  a.origin.name === b.origin.name &&
  a.tags.length === b.tags.length &&
  a.tags.every((tag, index) => tag === b.tags[index])

export interface FindOptions {
  readonly filter: Filter
  readonly collapse: boolean
  readonly from: number
  readonly to: number
  /** Found before: the last one before `from`, and the first from `to` on. */
  readonly before?: number | undefined
  readonly after?: number | undefined
}

export const find = (log: Log, options: FindOptions): Success<"Find"> => {
  const { collapse, filter } = options
  const { first, last } = log.places
  const to = Math.min(options.to, last + 1)
  const from = Math.max(options.from, first, to - maxLookedAt)
  const passes = makeFilter(log, filter)
  const places: Array<number> = []
  const counts: Array<number> = []
  /** Of the one found last, unless it is a gap. */
  let previous: Facts | undefined
  let earliest: Facts | undefined
  const add = (place: number, count: number, joins: boolean) => {
    const before = counts.at(-1) ?? 0
    if (joins && places.length > 0) {
      places[places.length - 1] = place
      counts[counts.length - 1] = before + count
    } else {
      places.push(place)
      counts.push(count)
    }
  }
  for (let place = from; place < to; place++) {
    const found = log.at(place)
    if (found === undefined && log.isPassed(place)) continue
    if (found === undefined || ("event" in found && found.event === undefined)) {
      add(place, -1, (counts.at(-1) ?? 0) < 0)
      previous = undefined
      continue
    }
    const facts = factsOf(found)
    if (!passes(found, facts)) continue
    add(place, 1, collapse && isAlike(previous, facts))
    if (places.length === 1 && (counts[0] ?? 0) > 0) earliest ??= facts
    previous = facts
  }
  return {
    places,
    counts,
    from: Math.min(from, to),
    joins: {
      before: collapse && isAlike(factsAt(log, options.before), earliest),
      after: collapse && isAlike(previous, factsAt(log, options.after))
    }
  }
}

const factsAt = (log: Log, place: number | undefined): Facts | undefined => {
  const found = place === undefined ? undefined : log.at(place)
  return found === undefined || ("event" in found && found.event === undefined) ? undefined : factsOf(found)
}
