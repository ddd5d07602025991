/** Handlers' events in words. */
import { count, duration } from "../../ui/format.ts"
import type { HandlerEvent } from "./Activity.ts"
import type { Kind } from "./Choice.ts"

export const kindLabels: Readonly<Record<Kind, string>> = {
  Call: "Calls",
  Console: "Console",
  Snapshot: "Snapshots",
  Restart: "Restarts"
}

type Call = Extract<HandlerEvent, { readonly _tag: "Call" }>
export type Outcome = Call["outcome"]

export const outcomeTexts: Readonly<Record<Outcome, string>> = {
  ok: "ok",
  err: "refused",
  mismatch: "does not fit",
  trap: "trapped",
  timeout: "too long",
  fuel: "out of fuel",
  stack: "stack overflow",
  memory: "out of memory",
  "result-bytes": "too large",
  abi: "broke the ABI",
  unreachable: "unreachable"
}

export const outcomeTitles: Readonly<Record<Outcome, string>> = {
  ok: "It gave a state",
  err: "Its code answered with an error: nothing restarts",
  mismatch: "What went in or came out does not fit its Schema",
  trap: "Its code trapped; its machine is gone",
  timeout: "It ran past its deadline and was ended",
  fuel: "It used up its fuel",
  stack: "Its stack overflowed",
  memory: "It asked for more memory than its limit",
  "result-bytes": "Its result was larger than its limit",
  abi: "It did not answer as its ABI says",
  unreachable: "Its process did not answer"
}

/** What was done, in a word or two. */
export const titleOf = (event: HandlerEvent): string => {
  switch (event._tag) {
    case "Call":
      return event.action ?? event.kind
    case "Console":
      return event.text
    case "Snapshot":
      return `snapshot ${count(event.slot)}`
    case "Restart":
      return `restart, ${event.policy}`
  }
}

/** How it ended, in a word or two. */
export const badgeOf = (event: HandlerEvent): { readonly text: string; readonly isBad: boolean } => {
  switch (event._tag) {
    case "Call":
      return { text: outcomeTexts[event.outcome], isBad: event.outcome !== "ok" }
    case "Console":
      return { text: event.level, isBad: event.level === "error" }
    case "Snapshot":
      return { text: event.full ? "full" : "increment", isBad: false }
    case "Restart":
      return {
        text: event.escalated ? "escalated" : `${count(event.attempt)} of ${count(event.of)}`,
        isBad: event.escalated
      }
  }
}

/** What it took: time, or bytes. */
export const costOf = (event: HandlerEvent): string => {
  switch (event._tag) {
    case "Call":
      return duration(event.ranMs)
    case "Console":
      return ""
    case "Snapshot":
      return bytes(event.bytes)
    case "Restart":
      return duration(event.tookMs)
  }
}

/** Binary units, as memory is counted. */
export const bytes = (value: number): string => {
  if (value < 1024) return `${count(value)} B`
  const [unit, size] = value < 1024 * 1024 ? ["KiB", 1024] : ["MiB", 1024 * 1024]
  const scaled = value / size
  return `${scaled < 10 ? scaled.toFixed(1) : count(Math.round(scaled))} ${unit}`
}
