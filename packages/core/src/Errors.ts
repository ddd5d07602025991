/**
 * Every error of the core: what happened, to which instance, and what to do next.
 * `docs/errors` has a page for each.
 */
import * as Data from "effect/Data"

/** `instanceId` and `entry` name where it happened, e.g. `Counter#1` and `action add`. */
interface At {
  readonly instanceId: string
  readonly entry: string
}

/** A body or reducer waited for something while its transaction was open; the draft was discarded. */
export class TransactionSuspended extends Data.TaggedError("TransactionSuspended")<
  At & { readonly by: "effect" | "promise" | "late write" }
> {
  override get message() {
    const happened = {
      effect: "suspended, and a transaction is synchronous",
      promise: "returned a Promise, and a transaction is synchronous",
      "late write": "wrote after its transaction had ended"
    }[this.by]
    return `${this.entry} on ${this.instanceId} ${happened}. Split it: one transaction before the IO, the IO outside, and a second transaction (or action) with its result.`
  }
}

/** An entry was made while another transaction was still open. */
export class EntryInTransaction extends Data.TaggedError("EntryInTransaction")<
  At & { readonly openInstanceId: string; readonly openEntry: string }
> {
  override get message() {
    return `${this.entry} on ${this.instanceId} was made inside the open transaction of ${this.openEntry} on ${this.openInstanceId}. Make it with afterCommit, from a handler, or before the transaction.`
  }
}

/** A reducer threw; nothing was committed and the action was not delivered. */
export class ReducerFailed extends Data.TaggedError("ReducerFailed")<
  At & { readonly tag: string; readonly cause: unknown }
> {
  override get message() {
    return `The reducer of ${this.tag} on ${this.instanceId} threw: ${String(this.cause)}. The state is unchanged; mend the reducer or its payload and dispatch again.`
  }
}

/** A handler that computes outside the window failed; nothing was committed and the action was not delivered. */
export class HandlerFailed
  extends /* @__PURE__ */ Data.TaggedError("HandlerFailed")<
    At & { readonly tag: string; readonly cause: unknown }
  >
{
  override get message() {
    return `The handler of ${this.tag} on ${this.instanceId} failed; the state is unchanged. Mend the handler or its payload and dispatch again. ${String(this.cause)}`
  }
}

/** Each time a handler had its result, another entry had changed the state that it was computed from. */
export class HandlerConflict
  extends /* @__PURE__ */ Data.TaggedError("HandlerConflict")<
    At & { readonly tag: string; readonly attempts: number }
  >
{
  override get message() {
    return `The handler of ${this.tag} on ${this.instanceId} lost to other entries ${this.attempts} times. Nothing was committed; dispatch again when it is quieter, or raise its attempts.`
  }
}

/** A batch is one transaction, and a handler outside of it cannot be part of that. */
export class HandlerInBatch extends Data.TaggedError("HandlerInBatch")<At & { readonly tag: string }> {
  override get message() {
    return `${this.tag} on ${this.instanceId} was in a batch, and its handler computes outside the transaction. Nothing was committed; dispatch it by itself.`
  }
}

/** A state did not fit the module's schema; it was refused and the state before it stands. */
export class InvalidState extends Data.TaggedError("InvalidState")<At & { readonly issue: string }> {
  override get message() {
    const stands = this.entry === 'init "initial"' ? "It was not made" : "The state is unchanged"
    return `${this.entry} on ${this.instanceId} gave a state that does not fit its schema: ${this.issue}. ${stands}; correct that value.`
  }
}

/** What was to be hydrated is no snapshot that this version reads. */
export class InvalidSnapshot extends Data.TaggedError("InvalidSnapshot")<{ readonly issue: string }> {
  override get message() {
    return `The snapshot cannot be read: ${this.issue}. Nothing was changed; hydrate what runtime.dehydrate gave.`
  }
}

/** A payload from outside typed code did not fit the action's schema. */
export class InvalidPayload extends Data.TaggedError("InvalidPayload")<
  At & { readonly tag: string; readonly issue: string }
> {
  override get message() {
    return `The payload of ${this.tag} on ${this.instanceId} does not fit its schema: ${this.issue}. Nothing was dispatched; correct the value at that path.`
  }
}

/** An action's tag is not declared by the module. */
export class UnknownAction extends Data.TaggedError("UnknownAction")<{
  readonly instanceId: string
  readonly tag: string
  readonly known: ReadonlyArray<string>
}> {
  override get message() {
    return `${this.instanceId} has no action ${JSON.stringify(this.tag)}. It has: ${this.known.join(", ") || "none"}. Declare it in Module.make's actions.`
  }
}

/** A module was asked for in a scope that does not have it. */
export class ModuleNotProvided extends Data.TaggedError("ModuleNotProvided")<{
  readonly moduleId: string
  readonly provided: ReadonlyArray<string>
}> {
  override get message() {
    return `Module ${JSON.stringify(this.moduleId)} is not provided here. Provided: ${this.provided.join(", ") || "none"}. List its implementation in Runtime.make, or in the imports of who uses it.`
  }
}

/** A logic asked for its instance's children, and nothing supervises any. */
export class ChildrenNotProvided extends Data.TaggedError("ChildrenNotProvided")<{
  readonly instanceId: string
}> {
  override get message() {
    return `The children of ${this.instanceId} need Supervision.layer of @sluice/wasm. Provide it.`
  }
}

/** Two different modules of one scope have the same id. */
export class DuplicateModule extends Data.TaggedError("DuplicateModule")<{ readonly moduleId: string }> {
  override get message() {
    return `Two different implementations with the id ${JSON.stringify(this.moduleId)} are in one scope. Share one, give one another id, or hand what was evaluated again to runtime.replace.`
  }
}

/** Derived fields depend on each other in a circle, so that none of them can be computed first. */
export class TraitCycle extends Data.TaggedError("TraitCycle")<{
  /** The module, or the instance in whose state it showed. */
  readonly moduleId: string
  /** Each reads the next, and the last the first. */
  readonly fields: ReadonlyArray<string>
}> {
  override get message() {
    const circle = [...this.fields, this.fields[0]].join(" -> ")
    return `The derived fields of ${this.moduleId} read each other in a circle: ${circle}. Let one read only fields that do not depend on it: to enumerate the state reads all.`
  }
}

/** Two sets of traits have a trait for the same field. */
export class TraitWriters extends Data.TaggedError("TraitWriters")<{
  readonly moduleId: string
  readonly field: string
}> {
  override get message() {
    return `Two traits of ${this.moduleId} make the field ${JSON.stringify(this.field)}. Leave one of them out, or give it a field of its own.`
  }
}

/** A derived field's function threw. The commit stands, and the field keeps its old value. */
export class TraitFailed extends Data.TaggedError("TraitFailed")<{
  readonly instanceId: string
  readonly field: string
  readonly cause: unknown
}> {
  override get message() {
    return `The derived field ${JSON.stringify(this.field)} of ${this.instanceId} could not be computed: ${String(this.cause)}. A living instance keeps the field's old value; one that is being made is not made. Mend its function, or what it reads.`
  }
}

/** A field was to be refreshed that no source makes. */
export class UnknownSource extends Data.TaggedError("UnknownSource")<{
  readonly instanceId: string
  readonly field: string
  readonly known: ReadonlyArray<string>
}> {
  override get message() {
    return `${this.instanceId} has no source ${JSON.stringify(this.field)}. It has: ${this.known.join(", ") || "none"}. Declare it with t.source in Module.make's traits.`
  }
}

/** What a module's `extend` gave cannot be added to its handles. */
export class InvalidExtension extends Data.TaggedError("InvalidExtension")<{
  readonly moduleId: string
  /** Names that every instance has already. Empty: it gave no plain object. */
  readonly taken: ReadonlyArray<string>
}> {
  override get message() {
    const what = `extend of module ${JSON.stringify(this.moduleId)}`
    return this.taken.length > 0
      ? `${what} gave ${this.taken.join(", ")}, which every instance has already. Give it another name.`
      : `${what} gave no plain object. Return one.`
  }
}

/** An option was given a number that has no meaning there. */
export class InvalidOption extends Data.TaggedError("InvalidOption")<{
  readonly option: string
  readonly value: number
}> {
  override get message() {
    return `${this.option} must be a whole number of at least 1, and was ${this.value}. Correct it.`
  }
}

/** The instance was closed: its scope ended or its runtime was disposed. */
export class InstanceClosed extends Data.TaggedError("InstanceClosed")<At> {
  override get message() {
    return `${this.entry} came to ${this.instanceId} after it was closed. Nothing was committed; resolve a live instance.`
  }
}

/** A group of instances was asked for that cannot be one. `instanceId` is the foreign one, or empty. */
export class InvalidGroup extends Data.TaggedError("InvalidGroup")<{
  readonly entry: string
  readonly reason: "empty" | "foreign"
  readonly instanceId: string
}> {
  override get message() {
    return this.reason === "empty"
      ? `${this.entry} names no instance. Name at least one.`
      : `${this.entry} names ${this.instanceId}, which is of another runtime. Make one group for each.`
  }
}

/** On a server, a component waits for a source of a local instance that nobody could find again in the browser. */
export class KeyRequired extends Data.TaggedError("KeyRequired")<{
  readonly instanceId: string
  readonly field: string
}> {
  override get message() {
    return `A component waits on the server for ${JSON.stringify(this.field)} of ${this.instanceId}, a local instance without a key: the browser could not find what it loads. Give it a key, or wait in the browser alone.`
  }
}

/** The runtime was disposed. */
export class RuntimeDisposed extends Data.TaggedError("RuntimeDisposed")<{ readonly label: string }> {
  override get message() {
    return `Runtime ${JSON.stringify(this.label)} was disposed. Make a new one with Runtime.make.`
  }
}

/** The runtime's layers are still being built, so a synchronous caller cannot have its modules yet. */
export class RuntimeNotReady extends Data.TaggedError("RuntimeNotReady")<{ readonly label: string }> {
  override get message() {
    return `Runtime ${JSON.stringify(this.label)} is still building its layers. Await runtime.ready; in React, RuntimeProvider does.`
  }
}

export type SluiceError =
  | TransactionSuspended
  | EntryInTransaction
  | ReducerFailed
  | HandlerFailed
  | HandlerConflict
  | HandlerInBatch
  | InvalidState
  | InvalidSnapshot
  | InvalidPayload
  | UnknownAction
  | ModuleNotProvided
  | ChildrenNotProvided
  | DuplicateModule
  | InvalidExtension
  | InstanceClosed
  | InvalidGroup
  | InvalidOption
  | TraitCycle
  | TraitFailed
  | TraitWriters
  | UnknownSource
  | KeyRequired
  | RuntimeDisposed
  | RuntimeNotReady
