/** What the browser told the page of when a commit was made: the click at the root of its causes. */
import type { Commit } from "@sluice/core"

interface Told {
  readonly type: string
  readonly target: unknown
}

/** As a window has it while its listeners are called; a listener in a shadow tree is none of the page's. */
const current = (): Told | undefined => {
  const told: unknown = Reflect.get(globalThis, "event")
  return typeof told === "object" && told !== null && "type" in told && "target" in told
    ? { type: String(told.type), target: told.target }
    : undefined
}

/** Its tag and id, and never what is in it; `undefined` where it is no part of a page, such as a socket. */
const nameOf = (target: unknown): string | undefined => {
  if (target === globalThis) return "window"
  if (typeof target !== "object" || target === null || !("nodeName" in target)) return undefined
  const id = "id" in target && typeof target.id === "string" && target.id !== "" ? `#${target.id}` : ""
  return `${String(target.nodeName).toLowerCase()}${id}`
}

const triggers = new WeakMap<Commit.Commit, string>()

/** To be called in the step that makes the commit. */
export const noteTrigger = (commit: Commit.Commit): void => {
  if (commit.cause !== undefined) return
  const told = current()
  const name = told && nameOf(told.target)
  if (told !== undefined && name !== undefined) triggers.set(commit, `${told.type} on ${name}`)
}

/** As in `click on button#play`. */
export const triggerOf = (commit: Commit.Commit): string | undefined => triggers.get(commit)
