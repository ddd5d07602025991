/** What can go wrong between a page and a panel. Those that a page answers with travel as they are. */
import * as Schema from "effect/Schema"
import { Issue } from "../form/Form.ts"

/** A message arrived that is no request of this version. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", {
  issue: Schema.String
}) {
  override get message() {
    return `The page refused a request: ${this.issue}. Nothing was done; correct that value.`
  }
}

export class UnknownRuntime extends Schema.TaggedError<UnknownRuntime>()("UnknownRuntime", {
  runtime: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `The page serves no runtime ${JSON.stringify(this.runtime)}. It serves: ${this.known.join(", ") || "none"}. Take an id from the welcome, or from the last Runtimes.`
  }
}

export class UnknownInstance extends Schema.TaggedError<UnknownInstance>()("UnknownInstance", {
  instanceId: Schema.String
}) {
  override get message() {
    return `No instance ${this.instanceId} is alive, and the history has no commit of it. Ask for Instances.`
  }
}

/** The history does not hold this moment or entry, any more or yet. `oldest` is the first moment that it reaches. */
export class OutOfReach extends Schema.TaggedError<OutOfReach>()("OutOfReach", {
  seq: Schema.Number,
  oldest: Schema.Number
}) {
  override get message() {
    const next =
      this.seq < this.oldest
        ? "Choose a later one, or serve with a longer history"
        : "Choose one that the page tells of"
    return `The history reaches back to moment ${this.oldest}, and ${this.seq} is not in it. ${next}.`
  }
}

/** `path` is as far as it leads, and the step that does not. */
export class NoSuchPart extends Schema.TaggedError<NoSuchPart>()("NoSuchPart", {
  path: Schema.String,
  issue: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.issue}. Inspect the value that holds it for the steps that there are.`
  }
}

/** What the panel has made at the page is there no more, or never was. */
export class NotKept extends Schema.TaggedError<NotKept>()("NotKept", {
  what: Schema.Literals(["recomputed", "session", "text", "upload"]),
  id: Schema.Number
}) {
  override get message() {
    return `The page has no ${this.what} ${this.id} for this panel. It keeps the last four of each: ask for it to be made again.`
  }
}

/**
 * The runtime refused an operation: `error` is the tag of what it threw. Where a value that was given does not fit its
 * schema, `issues` says where in it.
 */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  request: Schema.String,
  error: Schema.String,
  reason: Schema.String,
  issues: Schema.optionalKey(Schema.Array(Issue))
}) {
  override get message() {
    return this.reason
  }
}

/** What a page answers a request with that it cannot fulfil. */
export const Answered = Schema.Union([
  InvalidRequest,
  UnknownRuntime,
  UnknownInstance,
  OutOfReach,
  NoSuchPart,
  NotKept,
  Refused
])
export type Answered = typeof Answered.Type

// ---------------------------------------------------------------------------------------------------------
// At the panel's side

/** Page and panel are of versions that do not understand each other. */
export class VersionMismatch extends Schema.TaggedError<VersionMismatch>()("VersionMismatch", {
  page: Schema.Number,
  panel: Schema.Number
}) {
  get older(): "page" | "panel" {
    return this.page < this.panel ? "page" : "panel"
  }

  override get message() {
    const [older, newer] = this.older === "page" ? ["page", "panel"] : ["panel", "page"]
    return `The page speaks version ${this.page} of the devtools protocol and the panel version ${this.panel}. The ${older} is the older: update @sluice/devtools there, or open a ${newer} of its version.`
  }
}

/** The page turned the panel away. */
export class NotInvited extends Schema.TaggedError<NotInvited>()("NotInvited", { reason: Schema.String }) {
  override get message() {
    return `The page did not let the panel in: ${this.reason}. Open the panel anew from the page, which invites it.`
  }
}

export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { afterMs: Schema.Number }) {
  override get message() {
    return `Nothing answered within ${this.afterMs} ms. Check that the page calls serve, and that the port leads to it.`
  }
}

/** The port ended, at either side. */
export class PortClosed extends Schema.TaggedError<PortClosed>()("PortClosed", { request: Schema.String }) {
  override get message() {
    return `The port to the page closed before ${this.request} was answered. Connect again: the page keeps its history.`
  }
}

/** The page answered with what this version does not understand. */
export class InvalidReply extends Schema.TaggedError<InvalidReply>()("InvalidReply", {
  request: Schema.String,
  issue: Schema.String
}) {
  override get message() {
    return `The page's answer to ${this.request} cannot be read: ${this.issue}. Update the older of page and panel.`
  }
}

export type ConnectError = VersionMismatch | NotInvited | NoAnswer | PortClosed
export type RequestError = Answered | PortClosed | InvalidReply
