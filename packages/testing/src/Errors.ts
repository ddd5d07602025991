/** What a test fails with. `docs/errors` has a page for each. */
import type { Runtime } from "@sluice/core"
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"

/** What reached `onError`. */
export interface RecordedError {
  readonly error: unknown
  readonly cause: Cause.Cause<unknown>
  readonly info: Runtime.ErrorInfo
}

/** A runtime reported what its test did not take. */
export class UnexpectedReports extends Data.TaggedError("UnexpectedReports")<{
  readonly label: string
  readonly errors: ReadonlyArray<RecordedError>
  readonly warnings: ReadonlyArray<string>
}> {
  override get message() {
    const errors = this.errors.map(({ error, info }) => {
      const where = info.instanceId === "" ? "" : ` of ${info.instanceId}`
      return `${info.during} ${info.entry}${where}: ${String(error).replace(/\.$/, "")}`
    })
    const reports = [...errors, ...this.warnings.map((warning) => `warning: ${warning}`)].join("; ")
    return `${this.label} reported what its test did not expect: ${reports}. Mend the module, or take them before the end: takeErrors(), takeWarnings().`
  }
}

/** Something in the runtime always goes on, with no time passing. */
export class NeverSettles extends Data.TaggedError("NeverSettles")<{
  readonly label: string
  readonly tasks: number
}> {
  override get message() {
    return `${this.label} still goes on after ${this.tasks} tasks, though no time passes: a handler dispatches to itself, or a fiber yields for ever. Give that loop an end or a delay.`
  }
}

/** A module did not do what its model does. */
export class ModelMismatch extends Data.TaggedError("ModelMismatch")<{
  readonly moduleId: string
  readonly failure: string
  readonly actions: ReadonlyArray<{ readonly _tag: string; readonly payload?: unknown }>
  readonly replay: string
}> {
  override get message() {
    const taken = this.actions.map(({ _tag, payload }) =>
      payload === undefined ? _tag : `${_tag} ${JSON.stringify(payload)}`
    )
    return `${this.moduleId} differs from its model after [${taken.join(", ")}]: ${this.failure}. Mend the reducer or the model; { replay: '${this.replay}' } goes straight there.`
  }
}
