import type { Equals } from "@sluice/core"
import { warn } from "./host.ts"
import { type Observable, type Select, selectFrom } from "./selecting.ts"

declare const process: { readonly env: { readonly NODE_ENV?: string } }

/** Bundlers put the value in its place, and only that: there is no `process` in a browser to ask for. */
const isDevelopment = (): boolean => {
  try {
    return process.env.NODE_ENV !== "production"
  } catch {
    return false
  }
}
export const development = isDevelopment()

const warned = new Set<string>()

/** Once for each selector. */
export const warnOfUnstable = (
  instance: Observable,
  selector: Select,
  equals: Equals<unknown>,
  state: unknown
): void => {
  const select = () => selectFrom(instance, selector, state)
  if (equals(select(), select())) return
  const name = selector.name || String(selector)
  if (warned.has(name)) return
  warned.add(name)
  warn(
    `The selector ${name} gives something else each time that it is called with the same state, so its component renders at every commit. Give useSelector an \`equals\` that compares what matters, or select the parts in calls of their own.`
  )
}
