/**
 * Hot reload: implementations that were evaluated again take the places of those that run.
 *
 * What can fail comes first: layers, initial states, and whether each state fits. Then all change at once, the
 * old logics end, the last started first, and the new ones start. Entries are let in all the while, and what
 * was not taken from the old flows is for the new ones (Delivery.ts).
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DuplicateModule, ModuleNotProvided } from "./Errors.ts"
import type { AnyModuleImpl } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import { type Equipped, type Member, type ModuleScope, release, resourcesFor } from "./ModuleScope.ts"

/** What is to become of one scope. */
interface Change {
  readonly scope: ModuleScope
  readonly replaced: ReadonlyArray<{ readonly member: Member; readonly impl: AnyModuleImpl }>
  /** What the new ones import, and the scope does not have. */
  readonly added: ReadonlyArray<AnyModuleImpl>
}

interface Plan {
  readonly successors: ReadonlyMap<AnyModuleImpl, AnyModuleImpl>
  readonly changes: ReadonlyArray<Change>
}

/**
 * Replaces every instance, here and inside, of the implementation that this scope has under the module's id;
 * where it has none, of any. Modules that it imports and that were evaluated again are replaced as well.
 */
export const replace = (scope: ModuleScope, next: AnyModuleImpl): Effect.Effect<void, unknown> => {
  const idsOf = () => {
    const { changes, successors } = plan(scope, next)
    const added = changes.flatMap((change) => change.added)
    return [...successors.values(), ...added].map(({ def }) => def.id)
  }
  const change = Effect.suspend(() => apply(scope, plan(scope, next)))
  // Not in the middle of what the caller does, which may be telling a commit.
  return Effect.andThen(Effect.yieldNow, scope.app.alone(idsOf, change))
}

const plan = (scope: ModuleScope, next: AnyModuleImpl): Plan => {
  const { id } = next.def
  const successors = new Map<AnyModuleImpl, AnyModuleImpl>()
  const succeed = (previous: AnyModuleImpl, impl: AnyModuleImpl): boolean => {
    const known = successors.get(previous)
    if (known !== undefined && known !== impl) throw new DuplicateModule({ moduleId: impl.def.id })
    if (previous === impl || known !== undefined) return false
    successors.set(previous, impl)
    return true
  }
  const own = scope.own(id)?.impl
  // Also those that are being built: they are replaced when they start.
  const inside = [...scope.all()].filter(({ member }) => idOf(member) === id && !member.instance.closed)
  const previous = own === undefined ? inside.map(({ member }) => member.instance.impl) : [own]
  if (previous.length === 0) throw new ModuleNotProvided({ moduleId: id, provided: scope.ids() })
  for (const impl of previous) succeed(impl, next)
  for (let more = successors.size > 0; more;) {
    more = false
    for (const { imported, own } of importsOf(scope, successors)) {
      if (own !== undefined && succeed(own, imported)) more = true
    }
  }
  return { successors, changes: changesOf(scope, successors) }
}

/** What the new implementations import, each with what its scope has under that id. */
const importsOf = function* (
  scope: ModuleScope,
  successors: ReadonlyMap<AnyModuleImpl, AnyModuleImpl>
): Generator<{ scope: ModuleScope; imported: AnyModuleImpl; own: AnyModuleImpl | undefined }> {
  for (const { member, scope: home } of started(scope)) {
    const impl = successors.get(member.instance.impl)
    if (impl === undefined) continue
    for (const imported of home.withImports(impl.imports)) {
      yield { scope: home, imported, own: home.own(imported.def.id)?.impl }
    }
  }
}

const changesOf = (
  scope: ModuleScope,
  successors: ReadonlyMap<AnyModuleImpl, AnyModuleImpl>
): ReadonlyArray<Change> => {
  const added = new Map<ModuleScope, Map<string, AnyModuleImpl>>()
  for (const { imported, own, scope: home } of importsOf(scope, successors)) {
    if (own !== undefined) continue
    const ofScope = added.get(home) ?? new Map<string, AnyModuleImpl>()
    added.set(home, ofScope)
    const { id } = imported.def
    if ((ofScope.get(id) ?? imported) !== imported) throw new DuplicateModule({ moduleId: id })
    ofScope.set(id, imported)
  }
  return [...scope.inside()].flatMap((home) => {
    const replaced = [...started(home)].flatMap(({ member, scope: of }) => {
      const impl = of === home ? successors.get(member.instance.impl) : undefined
      return impl === undefined ? [] : [{ member, impl }]
    })
    const ofScope = [...(added.get(home)?.values() ?? [])]
    return replaced.length + ofScope.length === 0 ? [] : [{ scope: home, replaced, added: ofScope }]
  })
}

/** Those that run here and inside. One that has not started yet starts as it was made, and is then replaced. */
const started = function* (scope: ModuleScope) {
  for (const one of scope.all()) if (one.member.order > 0 && !one.member.instance.closed) yield one
}

const idOf = ({ instance }: Member): string => instance.impl.def.id

/** All that is needed to make the change. */
interface Prepared {
  readonly scope: ModuleScope
  readonly added: ReadonlyArray<Equipped>
  readonly replaced: ReadonlyArray<Takeover>
}

interface Takeover extends Equipped {
  readonly resources: Scope.Closeable | undefined
}

const apply = (root: ModuleScope, plan: Plan): Effect.Effect<void, unknown> => {
  /** What is undone if anything fails. */
  const undo: Array<Effect.Effect<void>> = []
  const prepare = Effect.forEach(plan.changes, (change) => prepareScope(change, undo))
  const undoAll = Effect.suspend(() => Effect.forEach(undo.toReversed(), (one) => one, { discard: true }))
  return Effect.uninterruptibleMask((restore) =>
    Effect.map(restore(prepare), (prepared) => {
      commit(root, plan)
      return prepared
    }).pipe(
      Effect.onError(() => undoAll),
      Effect.flatMap((prepared) => Effect.andThen(endOld(prepared), startNew(root, prepared)))
    )
  )
}

/** All at once, and nothing if any state or extension is refused: what refuses comes before what changes. */
const commit = (root: ModuleScope, { changes, successors }: Plan): void => {
  const { app } = root
  if (app.travel.active()) app.travel.live()
  const commits = changes.flatMap(({ replaced }) =>
    replaced.flatMap(({ impl, member: { instance } }) =>
      instance.closed ? [] : [Faces.replacing(instance, impl), instance.replacing(impl)]
    )
  )
  for (const [previous, impl] of successors) app.supersede(previous, impl)
  for (const scope of root.inside()) scope.superseded(successors)
  for (const change of commits) change()
}

const prepareScope = (
  { added, replaced, scope }: Change,
  undo: Array<Effect.Effect<void>>
): Effect.Effect<Prepared, unknown> =>
  Effect.gen(function* () {
    const members = scope.makeEach(added)
    undo.push(scope.discard(members))
    const context = scope.contextWith(members)
    const equipped = yield* scope.equip(members, context)
    const takeovers: Array<Takeover> = []
    for (const { impl, member } of replaced) {
      const resources = resourcesFor(impl)
      undo.push(release(resources))
      takeovers.push({ member, resources, services: yield* scope.services(impl, resources, context) })
    }
    return {
      scope,
      added: equipped,
      replaced: takeovers
    }
  })

const endOld = (prepared: ReadonlyArray<Prepared>): Effect.Effect<void> =>
  Effect.forEach(
    prepared.flatMap(({ replaced }) => replaced).toSorted((a, b) => b.member.order - a.member.order),
    ({ member, resources }) => {
      const { instance, resources: previous } = member
      if (instance.closed) return release(resources)
      member.resources = resources
      return Effect.gen(function* () {
        yield* instance.endLogics
        yield* release(previous)
        // Evicted meanwhile, perhaps before its new layers were its own.
        if (instance.closed) yield* release(resources)
      })
    },
    { discard: true }
  )

const startNew = (root: ModuleScope, prepared: ReadonlyArray<Prepared>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const open = prepared.filter(({ scope }) => !scope.closed)
    for (const { added, scope } of open) scope.admit(added.map(({ member }) => member))
    for (const { added, replaced, scope } of open) {
      const inOrder = replaced.toSorted((a, b) => a.member.order - b.member.order)
      scope.startAll([...added, ...inOrder])
    }
    root.changed()
    // Of scopes that have ended meanwhile, and have not closed what was not theirs yet.
    const ended = prepared.filter(({ scope }) => scope.closed)
    return Effect.forEach(ended, ({ added, scope }) => scope.discard(added.map(({ member }) => member)), {
      discard: true
    })
  })
