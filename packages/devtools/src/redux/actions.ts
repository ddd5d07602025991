/** Actions that were written in the monitor: which instance they are for, and what they say. Never evaluated. */
import type { Runtime } from "@sluice/core"
import { instanceOf } from "@sluice/core/ModuleRuntime"
import * as Predicate from "effect/Predicate"
import { notAnAction } from "./errors.ts"
import type { Call } from "./messages.ts"

export interface Located {
  readonly instanceId: string
  readonly _tag: string
  readonly payload?: unknown
}

const idsOf = (runtime: Runtime.AnyRuntime) => runtime.list().map(({ instanceId }) => instanceId)

const parse = (runtime: Runtime.AnyRuntime, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notAnAction(`it is not JSON (${String(error)})`, idsOf(runtime))
  }
}

const tagsOf = (face: object): ReadonlyArray<string> => Object.keys(instanceOf(face)?.impl.def.actions ?? {})

/** All actions of all live instances. */
export const offered = (runtime: Runtime.AnyRuntime) =>
  runtime
    .list()
    .flatMap(({ instanceId, runtime }) =>
      tagsOf(runtime).map((tag) => ({ name: `${instanceId}/${tag}`, args: ["payload"] }))
    )

/** Throws MonitorRefused. */
export const readAction = (runtime: Runtime.AnyRuntime, given: string | Call): Located => {
  if (typeof given === "string") return locate(runtime, parse(runtime, given))
  const [payload] = given.args
  return locate(runtime, {
    type: given.name,
    ...(payload === undefined || payload === null || payload === ""
      ? {}
      : { payload: parse(runtime, payload) })
  })
}

/**
 * Of `{ type: "Counter#1/add", payload }`, or with the tag alone where one instance only has such an action. An
 * instance can also be named apart: `{ instance: "Counter#1", type: "add" }`. Throws MonitorRefused.
 */
export const locate = (runtime: Runtime.AnyRuntime, given: unknown): Located => {
  const refuse = (issue: string): never => {
    throw notAnAction(issue, idsOf(runtime))
  }
  const type = Predicate.hasProperty(given, "type")
    ? given.type
    : Predicate.hasProperty(given, "_tag")
      ? given._tag
      : undefined
  if (typeof type !== "string") return refuse("it is no object with a type that is a string")
  const payload = Predicate.hasProperty(given, "payload") ? { payload: given.payload } : {}
  const all = runtime.list()
  const named = Predicate.hasProperty(given, "instance") ? given.instance : undefined
  if (named !== undefined) {
    const found = all.find(({ instanceId }) => instanceId === named)
    return found === undefined
      ? refuse(`there is no instance ${JSON.stringify(named)}`)
      : { instanceId: found.instanceId, _tag: type, ...payload }
  }
  // The longest: one id may be how another begins.
  const [owner] = all
    .filter(({ instanceId }) => type.startsWith(`${instanceId}/`))
    .toSorted((a, b) => b.instanceId.length - a.instanceId.length)
  if (owner !== undefined)
    return { instanceId: owner.instanceId, _tag: type.slice(owner.instanceId.length + 1), ...payload }
  const [only, ...others] = all.filter(({ runtime }) => tagsOf(runtime).includes(type))
  if (only === undefined) return refuse(`no instance has an action ${JSON.stringify(type)}`)
  return others.length === 0
    ? { instanceId: only.instanceId, _tag: type, ...payload }
    : refuse(`several instances have an action ${JSON.stringify(type)}`)
}
