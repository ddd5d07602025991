/** Conditions as they are typed and shown. */
import type { Condition } from "../../protocol/index.ts"

export type Operator = NonNullable<Condition["is"]>["operator"]
export const operators: ReadonlyArray<Operator> = ["=", "!=", "<", "<=", ">", ">="]

type Keys = NonNullable<Condition["path"]>

/** `flights["AA-17"].lines[0]` as its keys; `undefined` where it is no path. */
export const readPath = (text: string): Keys | undefined => {
  const keys: Array<string | number> = []
  let rest = text.trim()
  while (rest !== "") {
    const found = /^\.?([^.[\]"]+)|^\[(\d+)\]|^\[("(?:[^"\\]|\\.)*")\]/.exec(rest)
    if (found === null) return undefined
    const [all, name, index, quoted] = found
    if (quoted !== undefined) {
      try {
        keys.push(JSON.parse(quoted) as string)
      } catch {
        return undefined
      }
    } else keys.push(index === undefined ? (name ?? "") : Number(index))
    rest = rest.slice(all.length)
  }
  return keys
}

/** A number, `true`, `false`, `null`, or a text, in quotes or as it stands. */
export const readValue = (text: string): NonNullable<Condition["is"]>["value"] => {
  try {
    const value: unknown = JSON.parse(text)
    if (
      value === null ||
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean"
    )
      return value
  } catch {
    // It stands for itself.
  }
  return text
}

const pathText = (keys: Keys): string =>
  keys
    .map((key) =>
      typeof key === "number"
        ? `[${key}]`
        : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
          ? `.${key}`
          : `[${JSON.stringify(key)}]`
    )
    .join("")
    .replace(/^\./, "")

/** In words. */
export const conditionText = ({ instanceId, is, moduleId, path, tag }: Condition): string => {
  const where = instanceId ?? moduleId
  const place = path === undefined ? "the state" : pathText(path)
  const parts = [
    ...(tag === undefined ? [] : [tag]),
    ...(where === undefined ? [] : [`on ${where}`]),
    ...(path === undefined ? [] : [`${place} changes`]),
    ...(is === undefined ? [] : [`${place} ${is.operator} ${JSON.stringify(is.value)}`])
  ]
  return parts.join(", ") || "the next commit"
}
