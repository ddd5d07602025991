/** Every tagged error: what happened, to which handler, and what to do next. */
import * as Data from "effect/Data"
import type { FaultKind } from "./Machine.ts"

interface OfHandler {
  readonly handler: string
}

/** The bytes are not those that were asked for. */
export class HashMismatch extends Data.TaggedError("HashMismatch")<
  OfHandler & {
    readonly expected: string
    readonly actual: string
    /** Of several that the handler is made of: the one that is another. */
    readonly file?: string
  }
> {
  override get message() {
    const what = this.file === undefined ? "The code" : `The file ${this.file}`
    return `${what} of ${this.handler} has the SHA-256 ${this.actual}, and ${this.expected} was declared. Nothing was loaded: declare the hash of what you trust, or serve what you declared.`
  }
}

/** It asks for something from outside that its declaration does not grant. */
export class ImportRefused extends Data.TaggedError("ImportRefused")<
  OfHandler & { readonly import: string; readonly granted: ReadonlyArray<string> }
> {
  override get message() {
    const granted = this.granted.length === 0 ? "none" : this.granted.join(", ")
    return `${this.handler} imports ${this.import}, which is not granted (granted: ${granted}). Name it in imports, or build the code without it.`
  }
}

/** Its memory could not be given back as it was. */
export class ModuleRefused extends Data.TaggedError("ModuleRefused")<
  OfHandler & { readonly feature: string; readonly reason: string }
> {
  override get message() {
    return `${this.handler} was not loaded because of ${this.feature}: ${this.reason}`
  }
}

/** The bytes are no code of the declared kind, or could not be had. */
export class LoadFailed extends Data.TaggedError("LoadFailed")<OfHandler & { readonly reason: string }> {
  override get message() {
    // Chromium's own words ask for 'unsafe-eval', which is more than is needed.
    const enough = /content security policy/i.test(this.reason)
      ? " For WebAssembly 'wasm-unsafe-eval' in script-src is enough."
      : ""
    return `${this.handler} could not be loaded: ${this.reason}${enough}`
  }
}

/** What loading a handler fails with. */
export type LoadError = HashMismatch | ImportRefused | ModuleRefused | LoadFailed

/** What goes in or comes out does not fit its Schema. */
export class HandlerMismatch extends Data.TaggedError("HandlerMismatch")<
  OfHandler & { readonly what: "state" | "params" | "result state" | "response"; readonly issue: string }
> {
  override get message() {
    const fit = this.what === "params" ? "do not fit their" : "does not fit its"
    return `The ${this.what} of ${this.handler} ${fit} Schema: ${this.issue}. Nothing was committed; mend ${this.what === "params" || this.what === "state" ? "the caller or the Schema" : "the handler's code or the Schema"}.`
  }
}

/** The handler refused: the `err` of its result. Nothing was committed and nothing restarts. */
export class HandlerError extends Data.TaggedError("HandlerError")<OfHandler & { readonly error: string }> {
  override get message() {
    return `${this.handler} answered with an error: ${this.error}. Nothing was committed.`
  }
}

/** The call trapped, ran out of a limit, or never came back. Its machine is gone; nothing was committed. */
export class HandlerFault extends Data.TaggedError("HandlerFault")<
  OfHandler & {
    readonly kind: FaultKind
    readonly detail: string
    readonly at: { readonly source: string; readonly line: number } | undefined
  }
> {
  override get message() {
    const at = this.at === undefined ? "" : ` at ${this.at.source}:${this.at.line}`
    return `${this.handler} faulted (${this.kind})${at}: ${this.detail}. Nothing was committed; its next call starts from the memory of the state it is given.`
  }
}

/** What a call fails with. */
export type CallError = HandlerMismatch | HandlerError | HandlerFault

/** A child that cannot be had, or of which what was asked cannot be done. */
export class ChildRefused extends Data.TaggedError("ChildRefused")<{
  readonly parent: string
  readonly key: string
  readonly reason: string
}> {
  override get message() {
    return `The child ${JSON.stringify(this.key)} of ${this.parent} was refused: ${this.reason}.`
  }
}

/** A rule that a parent gave for its child's transitions. */
export class TransitionRefused extends Data.TaggedError("TransitionRefused")<{
  readonly instanceId: string
  readonly parent: string
  readonly entry: string
  readonly reason: string
}> {
  override get message() {
    return `${this.entry} on ${this.instanceId} was refused by a rule of its parent ${this.parent}: ${this.reason}. Nothing was committed; mend the entry, or the rule that spawn was given.`
  }
}
