/**
 * One transaction on each of several instances, committed together or not at all. Nobody is told of any of
 * them before all are committed.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Origin } from "./Commit.ts"
import type { ModuleIdentity, ModuleRuntime, ModuleTag, NotPromise } from "./Handle.ts"
import type { InstanceHost } from "./Parts.ts"
import { InstanceGroup } from "./InstanceGroup.ts"
import type { Any } from "./internal/any.ts"
import * as Faces from "./ModuleRuntime.ts"
import type { GroupBody } from "./Window.ts"

export interface AnyTag extends ModuleTag<Any, Any, Any, Any, Any> {}

/** What a member's type needs of a ModuleRuntime. */
type AnyInstance = Pick<ModuleRuntime<unknown, unknown>, "instanceId" | "reset"> & {
  readonly unsafe: { readonly transact: (origin: string, body: never) => void }
}

/** An instance, or what names one: a tag, a definition or a module. */
export type Member = AnyInstance | AnyTag | { readonly tag: AnyTag }

type TagOf<M> = M extends AnyTag ? M : M extends { readonly tag: infer Tag extends AnyTag } ? Tag : never

export type InstanceOf<M> = M extends AnyInstance
  ? M
  : TagOf<M> extends Context.Key<infer _Id, infer Instance>
    ? Instance
    : never

type TransactionOf<M> =
  InstanceOf<M> extends {
    readonly unsafe: { readonly transact: (origin: never, body: infer Body) => void }
  }
    ? Body extends (tx: infer Tx) => unknown
      ? Tx
      : never
    : never

/** One for each member, in their order. */
export type TransactionsOf<Members extends ReadonlyArray<Member>> = {
  -readonly [I in keyof Members]: TransactionOf<Members[I]>
}

/** What it takes to find a member in the scope of a fiber. */
export type IdentityOf<M> = M extends AnyInstance
  ? never
  : TagOf<M> extends { readonly moduleId: infer Id extends string }
    ? ModuleIdentity<Id>
    : never

/**
 * Opens one transaction on each member. The body is a function of the transactions, or an Effect that writes
 * with `$.state`; it must not suspend. If it fails, or one of the states is refused, nothing is committed
 * anywhere. A member that is given twice has one transaction. Fails with the body's own error; everything
 * else is a defect.
 */
export interface TransactGroup {
  <B, E, R>(
    members: ReadonlyArray<Member>,
    origin: string | Origin,
    body: Effect.Effect<B, E, R>
  ): Effect.Effect<B, E, R>
  <const Members extends ReadonlyArray<Member>, B, E, R>(
    members: Members,
    origin: string | Origin,
    body: (...txs: TransactionsOf<Members>) => Effect.Effect<B, E, R>
  ): Effect.Effect<B, E, R>
  <const Members extends ReadonlyArray<Member>, B>(
    members: Members,
    origin: string | Origin,
    body: (...txs: TransactionsOf<Members>) => NotPromise<B>
  ): Effect.Effect<B>
}

/** The same for callers that cannot wait, as `unsafe` of an instance. */
export type TransactGroupSync = <const Members extends ReadonlyArray<Member>, B>(
  members: Members,
  origin: string | Origin,
  body: (...txs: TransactionsOf<Members>) => NotPromise<B>
) => void

/** As `TransactGroup`; names stand for the nearest instances in scope. */
export interface TransactNearest {
  <const Members extends ReadonlyArray<Member>, B, E, R>(
    members: Members,
    origin: string | Origin,
    body: Effect.Effect<B, E, R>
  ): Effect.Effect<B, E, R | IdentityOf<Members[number]>>
  <const Members extends ReadonlyArray<Member>, B, E, R>(
    members: Members,
    origin: string | Origin,
    body: (...txs: TransactionsOf<Members>) => Effect.Effect<B, E, R>
  ): Effect.Effect<B, E, R | IdentityOf<Members[number]>>
  <const Members extends ReadonlyArray<Member>, B>(
    members: Members,
    origin: string | Origin,
    body: (...txs: TransactionsOf<Members>) => NotPromise<B>
  ): Effect.Effect<B, never, IdentityOf<Members[number]>>
}

// The overloads all come down to this; its result is that of the body, and its needs are those of `nearest`.
export const transact = ((members: ReadonlyArray<Member>, origin: string | Origin, body: GroupBody) =>
  Effect.withFiber((fiber) =>
    of(members, origin, (moduleId) => Faces.nearest(fiber.context, moduleId)).transact(body)
  )) as unknown as TransactNearest

/** `find` gives the ModuleRuntime of a name. */
export const of = (
  members: ReadonlyArray<Member>,
  origin: string | Origin,
  find: (moduleId: string) => object,
  home?: InstanceHost
): InstanceGroup => {
  const entry = Faces.toOrigin(origin)
  const instances = members.map((member) => {
    const known = Faces.instanceOf(member)
    if (known !== undefined) return known
    const { instanceId, moduleId } = tagOf(member)
    const found = moduleId === undefined ? undefined : Faces.instanceOf(find(moduleId))
    // One that a test made by hand.
    if (found === undefined) throw InstanceGroup.foreign(entry, instanceId ?? moduleId ?? "")
    return found
  })
  return new InstanceGroup(instances, entry, home)
}

interface Named {
  readonly tag?: Named
  readonly moduleId?: string
  readonly instanceId?: string
}

const tagOf = (member: Named): Named => member.tag ?? member
