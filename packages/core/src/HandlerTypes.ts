/** What computes transitions in the place of reducers, as an instance sees it. */
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { AnyAction, Origin } from "./Commit.ts"
import type { HandlerConflict, HandlerFailed } from "./Errors.ts"
import type { Any } from "./internal/any.ts"

/**
 * Given by `implement({ handlers })`, per tag. What it computes is checked against the state's schema. Made by
 * `inline` and `outside` here, or by those of HandlerPort, for what keeps something beside the state.
 */
export type Handler<S, P, R = never> = InlineHandler<S, P> | OutsideHandler<S, P, R>

/** The instance that a handler computes for. The same object as long as it lives. */
export interface HandledInstance {
  readonly instanceId: string
  readonly moduleId: string
  /** What all instances of its runtime share: `HandlerActivity.of(host)`. */
  readonly host: object
  /** An entry of its own: not for the entry that the handler computes. */
  readonly dispatch: (action: AnyAction) => Effect.Effect<void>
}

/** What a handler may keep beside a state, as the memory of its code. */
export interface Keeps<in out S> {
  /**
   * `to` stands where `from` stood; what the handler keeps for `from` is then what it keeps for `to`, unless it
   * knows `to`. Told in the step that makes it, before anyone else hears of it: of what the handler gave, completed
   * with derived fields; of any other commit, group or replacement included; of a reset, with the state that the
   * instance began with as `from`; and by Replay, of each state that it makes.
   *
   * Not told of states that stand for themselves: those of travel, which were committed before, and hydrated ones.
   */
  readonly carry?: (from: S, to: S, instance: HandledInstance) => void
  /**
   * Asked where its module takes another's place, of a handler made by HandlerPort, with the state that is there and
   * the handlers that it had: both states are of their schemas' encoded side. `undefined`: the state is to be as it is.
   */
  readonly migrate?: (state: unknown, former: ReadonlyArray<HandlerDescription>) => unknown
  /** How it computes, for devtools (`Structure`). */
  readonly describe?: () => HandlerDescription
}

/** What devtools show of a handler. */
export interface HandlerDescription {
  readonly name: string
  readonly isolation: string
  /** E.g. the kind of its code, and its hash. */
  readonly details?: Readonly<Record<string, string>>
}

/** Computes within the window, as a reducer does: synchronously. */
export interface InlineHandler<in out S, in P> extends Keeps<S> {
  readonly where: "inline"
  readonly compute: (state: S, payload: P, action: AnyAction, instance: HandledInstance) => NoInfer<S>
  /**
   * Gives the instance its first state, in the place of `initial`, which it is given. Called when the instance is
   * made, for a React component in its render: it must be pure. Its commit, of origin `init`, is told when the
   * instance starts, or before its first entry. Not called for a hydrated state, nor when a module is replaced.
   */
  readonly begin?: (initial: S, instance: HandledInstance) => NoInfer<S>
  readonly driver: Beginning | undefined
}

/**
 * Computes outside the window, and may wait. The action is published with the commit of the result, and never if
 * there is none. Where its module is replaced meanwhile, it is computed again by the new implementation's, with the new
 * one's services; but one that is optimistic and whose caller waits for it ends as it began.
 */
export interface OutsideHandler<in out S, in P, out R> extends Keeps<S> {
  readonly where: "outside"
  /**
   * `optimistic`, the default: others are not held up; if one has changed the state when the result comes, the
   * result is dropped and computed again.
   *
   * `serial`: from its turn to its end nothing else enters the instance. It has room in every consumer before it
   * computes. An entry that its code makes, on any instance, is refused with EntryInTransaction. While devtools show
   * another moment its commit waits.
   */
  readonly order?: "serial" | "optimistic"
  /**
   * The instance's first entry, of origin `init`, from its start; no other is let in before it has ended. Until then
   * it is at `initial`, and for good if it fails. Not on a server, not for a hydrated state, nor when replaced.
   */
  readonly begin?: (entry: OutsideEntry<S>) => Effect.Effect<void, never, R>
  readonly enter: (entry: OutsideEntry<S>, payload: P) => Effect.Effect<void, never, R>
  /**
   * What it gave for this action, as it is recorded, made of another state: Replay then does not leave the action
   * out. Synchronous. `undefined`: it is not known.
   */
  readonly replay?: (action: AnyAction, state: S, instance: HandledInstance) => S | undefined
  readonly driver: Driver
}

/** One entry of an action whose handler computes outside, as its instance sees it. */
export interface OutsideEntry<S> {
  readonly instance: HandledInstance
  readonly instanceId: string
  readonly entry: string
  /** Of `begin`: `{ _tag: "init" }`. */
  readonly action: AnyAction
  readonly state: () => S
  /**
   * Commits `next` in the place of `seen`; gives false if the state is another by now: compute again. Where the order
   * is `serial` only devtools can have written it. Once it has given true the entry is over. `stepping` is called in
   * the window, where `next` becomes its draft.
   */
  readonly commit: (seen: S, next: S, stepping?: () => void) => Effect.Effect<boolean>
  /** Ends the entry as a rollback. */
  readonly fail: (error: HandlerConflict | HandlerFailed) => Effect.Effect<never>
}

/** What core does for handlers that begin an instance: HandlerPort. */
export interface Beginning {
  /** Once for each tag: the instance has been made, and nobody has seen it. */
  begin(instance: HandledInstance, handler: AnyHandler): void
}

/**
 * How core has an outside handler compute: the two orders. Methods, whose parameters TypeScript lets an implementation
 * narrow: the instance is an Instance, the ticket a Ticket, and their rooms are below this one.
 */
export interface Driver extends Partial<Beginning> {
  dispatch(
    instance: HandledInstance,
    origin: Origin,
    actions: readonly [AnyAction],
    handler: AnyOutsideHandler,
    fiber: AnyFiber
  ): Effect.Effect<void>
  /** For callers that cannot wait: the ticket is told how it ended. */
  start(
    instance: HandledInstance,
    origin: Origin,
    actions: readonly [AnyAction],
    handler: AnyOutsideHandler,
    ticket: object | null
  ): void
}

/** What `implement` was given, whatever its types. */
export type AnyHandler = Handler<Any, Any, unknown>
export type AnyOutsideHandler = OutsideHandler<Any, Any, unknown>
export type AnyFiber = Fiber.Fiber<unknown, unknown>
