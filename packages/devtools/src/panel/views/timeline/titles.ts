/** Entries in words. */
import type { Row } from "../../../protocol/index.ts"
import { duration } from "../../ui/format.ts"

/** What the transaction did, by its actions, or else by what opened it. */
export const titleOf = ({ actions, origin, passed, tags }: Row): string => {
  if (passed !== undefined) return `${origin.name}: ${passed} ${passed === 1 ? "entry" : "entries"}`
  const [first, second] = tags
  if (first === undefined) return origin.name
  if (second === undefined) return first
  return `${first}, ${second}${actions > 2 ? ` +${actions - 2}` : ""}`
}

export const originNames: Readonly<Record<string, string>> = {
  action: "action",
  "source-refresh": "source",
  "service-callback": "callback",
  "state-update": "update",
  devtools: "devtools",
  init: "init",
  hydrate: "hydrate"
}

type Load = NonNullable<Row["loads"]>[number]

/** Of a load's beginning or end. */
export const loadText = ({ field, ms, outcome, phase }: Load): string => {
  const time = ms === undefined ? "" : ` ${duration(ms)}`
  if (outcome === "running") return `${field} loading`
  if (phase === "begins") return `${field} loads${time}`
  return `${field} ${{ success: "loaded", failure: "failed", interrupted: "interrupted" }[outcome]}${time}`
}

export const waitText = ({ consumers, ms }: NonNullable<Row["waited"]>): string =>
  `waited ${duration(ms)} for ${consumers.join(", ")}`

/** Of its handlers, as far as they are worth a word in a list. */
export const runsText = ({ failed, waiting }: NonNullable<Row["runs"]>): string =>
  [failed > 0 ? `${failed} failed` : "", waiting > 0 ? `${waiting} running` : ""].filter(Boolean).join(", ")
