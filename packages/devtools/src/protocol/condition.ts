/** When a panel wants the runtime to be locked: data, that is compared, and never run. */
import type { Commit } from "@sluice/core"
import { sameValue } from "../session/compare.ts"
import { valueAt } from "../session/paths.ts"
import type { Redaction } from "../session/redact.ts"
import type { Condition } from "./messages.ts"

/** Dates and bigints are compared by what they are written as, where the condition has a text. */
const plainOf = (value: unknown, given: unknown): unknown => {
  if (typeof given !== "string") return typeof value === "bigint" ? Number(value) : value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString()
  return typeof value === "bigint" ? String(value) : value
}

const compares = (value: unknown, { operator, value: given }: NonNullable<Condition["is"]>): boolean => {
  const found = plainOf(value, given)
  if (operator === "=") return found === given
  if (operator === "!=") return found !== given
  const areNumbers = typeof found === "number" && typeof given === "number"
  if (!areNumbers && !(typeof found === "string" && typeof given === "string")) return false
  switch (operator) {
    case "<":
      return found < given
    case "<=":
      return found <= given
    case ">":
      return found > given
    case ">=":
      return found >= given
  }
}

/** Whether all of it is so of this commit. It is asked about what panels may see. */
export const isMet = (
  { instanceId, is, moduleId, path, tag }: Condition,
  commit: Commit.Commit,
  redaction: Redaction
): boolean => {
  if (commit.origin.kind === "devtools") return false
  if (instanceId !== undefined && commit.instanceId !== instanceId) return false
  if (moduleId !== undefined && commit.moduleId !== moduleId) return false
  if (tag !== undefined && !commit.actions.some(({ _tag }) => _tag === tag)) return false
  if (path === undefined && is === undefined) return true
  const valueOf = (state: unknown) => valueAt(redaction.state(commit.moduleId, state), path ?? [])
  const after = valueOf(commit.next)
  if (path !== undefined && sameValue(valueOf(commit.previous), after)) return false
  return is === undefined || compares(after, is)
}
