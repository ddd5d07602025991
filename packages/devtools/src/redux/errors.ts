/** What the monitor shows when it asks for something that cannot be done. Nothing is done then. */
import * as Data from "effect/Data"
import { formatPath, type Path } from "../session/paths.ts"

/** The monitor sent something that this bridge does not know. */
export class NotUnderstood extends Data.TaggedError("NotUnderstood")<{ readonly issue: string }> {
  override get message() {
    return `Sluice does not know what the monitor asks for: ${this.issue}. Nothing was done; look at the table of messages in the guide.`
  }
}

/** What was to be dispatched is no action written as JSON. `instances` are those that live. */
export class NotAnAction extends Data.TaggedError("NotAnAction")<{
  readonly issue: string
  readonly instances: ReadonlyArray<string>
}> {
  override get message() {
    const [first = "Counter#1"] = this.instances
    return `Nothing was dispatched: ${this.issue}. Write an action as JSON, as in {"type": "${first}/add", "payload": 3}; code is never run. Instances: ${this.instances.join(", ") || "none"}.`
  }
}

/** The entry is not in the list any more, or never was. */
export class NoSuchEntry extends Data.TaggedError("NoSuchEntry")<{ readonly entry: string }> {
  override get message() {
    return `The list has no ${this.entry}. Nothing was done; close the monitor and open it again for the list as it is.`
  }
}

/** A history that was to be imported does not fit. */
export class ImportRefused extends Data.TaggedError("ImportRefused")<{
  readonly path: Path
  readonly issue: string
}> {
  override get message() {
    return `The import was refused at ${formatPath(this.path)}: ${this.issue}. Nothing was changed; import what this page has exported.`
  }
}

/** The extension has not said which of the page's instances this is. */
export class ExportUnavailable extends Data.TaggedError("ExportUnavailable")<{}> {
  override get message() {
    return "The extension gave this connection no instance id, so that nothing can be exported. Update the extension, or export from Sluice's own panel."
  }
}
