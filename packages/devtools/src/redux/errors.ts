/** What the monitor asked for and did not get. */
import * as Data from "effect/Data"
import { formatPath, type Path } from "../session/paths.ts"

/**
 * The monitor asked for something that cannot be done; it shows this message. `issue` says where and why, `next`
 * what to do instead.
 */
export class MonitorRefused extends Data.TaggedError("MonitorRefused")<{
  readonly asked: "message" | "entry" | "dispatch" | "import" | "export"
  readonly issue: string
  readonly next: string
}> {
  override get message() {
    return `The monitor's ${this.asked} was refused: ${this.issue}. Nothing was changed; ${this.next}.`
  }
}

/** It sent something that this bridge does not know. */
export const notUnderstood = (issue: string) =>
  new MonitorRefused({ asked: "message", issue, next: "use what the guide's table of messages has" })

/** It has an entry that is not in the list any more, or never was. */
export const noSuchEntry = (entry: string) =>
  new MonitorRefused({
    asked: "entry",
    issue: `the list has no ${entry}`,
    next: "close the monitor and open it again for the list as it is"
  })

/** What was to be dispatched is no action written as JSON. `instances` are those that live. */
export const notAnAction = (issue: string, instances: ReadonlyArray<string>) =>
  new MonitorRefused({
    asked: "dispatch",
    issue,
    next: `write an action as JSON, as in {"type": "${instances[0] ?? "Counter#1"}/add", "payload": 3}; code is never run, and the instances are ${instances.join(", ") || "none"}`
  })

/** A history does not fit. */
export const importRefused = (path: Path, issue: string) =>
  new MonitorRefused({
    asked: "import",
    issue: `${issue}, at ${formatPath(path)}`,
    next: "import what this page has exported"
  })

/** The extension has not said which of the page's instances this is. */
export const exportUnavailable = () =>
  new MonitorRefused({
    asked: "export",
    issue: "the extension gave this connection no instance id to answer with",
    next: "update the extension, or export a session from Sluice's own panel"
  })
