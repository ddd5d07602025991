/**
 * Which components read which selections. React keeps what each hook of a mounted component remembers, reachable from
 * the element that it renders into; a hook of `@sluice/react` remembers its selector and its instance there. So this
 * costs nothing before it is asked, and needs nothing of the app.
 */
import type { Success } from "./messages.ts"
import { clip } from "./place.ts"
import type { ServedRuntime } from "./served.ts"

type Answer = Success<"Readers">
type Reader = { -readonly [Field in keyof Answer["readers"][number]]: Answer["readers"][number][Field] }

type Fields = Readonly<Record<string, unknown>>

const maxElements = 100_000
const maxFibers = 200_000
const maxReaders = 1000
const maxHooks = 1000
const maxName = 80

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null

const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {})

/** What a hook holds can be anything of the app: its own code is not run, and another page's window refuses. */
const fieldOf = (value: unknown, name: string): unknown => {
  if (!isObject(value)) return undefined
  try {
    return Object.getOwnPropertyDescriptor(value, name)?.value
  } catch {
    return undefined
  }
}

export const findReaders = (runtime: Pick<ServedRuntime, "list">): Answer => {
  const ids = new Map<unknown, string>(
    runtime.list().map(({ instanceId, runtime: face }) => [face, instanceId])
  )
  const found = new Map<string, Reader>()
  const { complete: allRoots, roots } = rootsOf(globalThis.document)
  const complete = eachFiber(roots, (fiber) => {
    for (const { selector, source } of selectionsOf(fiber)) {
      const instanceIds = idsOf(source, ids)
      if (instanceIds.length === 0) continue
      const component = nameOf(fiber)
      const text = textOf(selector)
      const key = JSON.stringify([component, text, instanceIds])
      const known = found.get(key)
      if (known !== undefined) known.count++
      else if (found.size < maxReaders) found.set(key, { component, selector: text, instanceIds, count: 1 })
    }
  })
  return { readers: [...found.values()], complete: complete && allRoots && found.size < maxReaders }
}

// --- React ------------------------------------------------------------------------------------------------

/** React's own name for it goes on with a random number. */
const containerKey = "__reactContainer$"

/** What React renders into, in the document and in open shadow roots. */
const rootsOf = (
  document: Document | undefined
): { readonly roots: ReadonlyArray<unknown>; readonly complete: boolean } => {
  const roots: Array<unknown> = []
  let left = maxElements
  const note = (node: object) => {
    const key = Object.keys(node).find((name) => name.startsWith(containerKey))
    if (key !== undefined) roots.push(fieldsOf(fieldsOf(Reflect.get(node, key))["stateNode"])["current"])
  }
  const look = (within: Document | ShadowRoot) => {
    note(within)
    for (const element of within.querySelectorAll("*")) {
      if (left-- <= 0) return
      note(element)
      if (element.shadowRoot !== null) look(element.shadowRoot)
    }
  }
  if (document !== undefined) look(document)
  return { roots, complete: left > 0 }
}

const eachFiber = (roots: ReadonlyArray<unknown>, visit: (fiber: Fields) => void): boolean => {
  const next: Array<unknown> = [...roots]
  for (let left = maxFibers; next.length > 0; left--) {
    const fiber = next.pop()
    if (!isObject(fiber)) continue
    if (left <= 0) return false
    visit(fiber)
    next.push(fiber["sibling"], fiber["child"])
  }
  return true
}

/** A hook's place in a function component's list of them. */
interface Selected {
  readonly selector: (...given: ReadonlyArray<never>) => unknown
  /** What it selects from. */
  readonly source: Fields
}

const isFunction = (value: unknown): value is Selected["selector"] => typeof value === "function"

function* selectionsOf(fiber: Fields): Generator<Selected> {
  // Of a class it is no list of hooks, but the app's own, which may go round in a circle.
  let left = maxHooks
  for (let hook = fiber["memoizedState"]; isObject(hook) && left-- > 0; hook = fieldOf(hook, "next")) {
    const held = fieldOf(hook, "memoizedState")
    // As a provider with `concurrent={false}` has it, and as others.
    for (const selection of [fieldOf(held, "current"), fieldOf(held, "selection")]) {
      const selector = fieldOf(selection, "selector")
      const source = fieldOf(selection, "instance") ?? fieldOf(fieldOf(selection, "subject"), "instance")
      if (isFunction(selector) && isObject(source)) yield { selector, source }
    }
  }
}

const nameOf = ({ type }: Fields): string => {
  const inner = fieldsOf(type)["render"] ?? fieldsOf(type)["type"] ?? type
  for (const each of [type, inner]) {
    if (!isObject(each) && !isFunction(each)) continue
    const given: unknown = Reflect.get(each, "displayName") ?? Reflect.get(each, "name")
    if (typeof given === "string" && given !== "") return clip(given)
  }
  return "(without a name)"
}

const textOf = (selector: Selected["selector"]): string => {
  const text = String(selector).replaceAll(/\s+/g, " ")
  const whole = selector.name === "" || text.length <= maxName ? text : selector.name
  return whole.length > maxName ? `${whole.slice(0, maxName)}…` : whole
}

// --- instances --------------------------------------------------------------------------------------------

/** Of those that the state comes from: a list and a Derived come from several. */
const idsOf = (source: unknown, ids: ReadonlyMap<unknown, string>): ReadonlyArray<string> => {
  const own = ids.get(source)
  if (own !== undefined) return [own]
  const inputs = fieldOf(fieldOf(source, "unsafe"), "inputs")
  return Array.isArray(inputs) ? [...new Set(inputs.flatMap((input) => idsOf(input, ids)))] : []
}
