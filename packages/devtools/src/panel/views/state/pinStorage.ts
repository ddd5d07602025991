/** Pins that outlive the panel, by the name of the runtime whose places they are. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Step } from "../../../protocol/messages.ts"

export const Pin = Schema.Struct({ instanceId: Schema.String, path: Schema.Array(Step) })
export type Pin = typeof Pin.Type

const storageKey = "sluice-devtools-pins"
/** Those of other runtimes are let go, the oldest first. */
const maxRuntimes = 20

const Stored = Schema.Record(Schema.String, Schema.Array(Pin))
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Stored))

/** Storage may be forbidden, and what is in it may be anything. */
const readAll = (): typeof Stored.Type => {
  try {
    return Option.getOrElse(decode(localStorage.getItem(storageKey)), () => ({}))
  } catch {
    return {}
  }
}

export const readPins = (label: string): ReadonlyArray<Pin> => {
  const all = readAll()
  return Object.hasOwn(all, label) ? (all[label] ?? []) : []
}

export const writePins = (label: string, pins: ReadonlyArray<Pin>): void => {
  const others = Object.entries(readAll()).filter(([other]) => other !== label)
  const all = [...others, ...(pins.length === 0 ? [] : [[label, pins] as const])].slice(-maxRuntimes)
  try {
    localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries(all)))
  } catch {
    // Then they last as long as the panel.
  }
}
