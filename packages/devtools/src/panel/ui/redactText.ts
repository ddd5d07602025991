/** Rules of redaction as they are typed. */
import type { Payload } from "../../protocol/index.ts"

type Rules = NonNullable<Payload<"Export">["redact"]>

/**
 * `User: token, users.*.email; User.signIn: password`: of a module the places in its states, and of one of its actions
 * those in the payload. `undefined` where it is not written like that.
 */
export const readRules = (text: string): Rules | undefined => {
  const rules: Array<Rules[number]> = []
  for (const part of text.split(/[;\n]/).filter((each) => each.trim() !== "")) {
    const [, where = "", list = ""] = /^([^:]+):(.+)$/.exec(part.trim()) ?? []
    const places = list
      .split(",")
      .map((place) => place.trim())
      .filter((place) => place !== "")
    if (places.length === 0) return undefined
    const [, module = where.trim(), tag] = /^(.+)\.([^.]+)$/.exec(where.trim()) ?? []
    rules.push(tag === undefined ? { module, state: places } : { module, payload: { [tag]: places } })
  }
  return rules
}
