/**
 * Modules with one instance each, the services that they and what runs here may use, and an end.
 *
 * An app's root is one, and so is a scope nested in it, and a local instance with what it imports. What is
 * looked up is the nearest: a scope's own, then its parent's. Closing a scope closes those inside it, too;
 * the instance that started last closes first.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { App } from "./App.ts"
import { DuplicateModule } from "./Errors.ts"
import { type AnyInstance, Instance } from "./Instance.ts"
import * as Logic from "./Logic.ts"
import type { AnyLayer, AnyModuleImpl } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"

/** One module of a scope. */
interface Member {
  readonly instance: AnyInstance
  /** Holds the module's own layers; absent where it has none. */
  readonly resources: Scope.Closeable | undefined
  /** Among all that ever started: what depends on it starts later. Written by `start`. */
  order: number
}

let lastOrder = 0

export class ModuleScope {
  readonly app: App
  readonly parent: ModuleScope | undefined
  /** What runs here may use: the parent's, its modules, its layer's services. Written by `build` and `start`. */
  context: Context.Context<never>
  closed = false
  /** By module id, imports first. Written by `admit` and `evict`. */
  private readonly members = new Map<string, Member>()
  /** Evicted, and not at their end yet. Written by `evict`. */
  private readonly leaving = new Set<Member>()
  /** Written by `join` and `close`. */
  private readonly children = new Set<ModuleScope>()
  /** Holds the services of the scope's layer. Written by `build`. */
  private resources: Scope.Closeable | undefined
  private readonly memoMap: Layer.MemoMap

  /** `kind`: a local scope shares the layers that its surroundings have built, and what it adds to them. */
  constructor(app: App, parent: ModuleScope | undefined, kind: "app" | "local") {
    this.app = app
    this.parent = parent
    this.context = parent?.context ?? app.bare
    this.memoMap =
      parent === undefined
        ? Layer.makeMemoMapUnsafe()
        : kind === "local"
          ? parent.memoMap
          : Layer.forkMemoMapUnsafe(parent.memoMap)
  }

  /** From now on it is closed with its parent. */
  join(): void {
    this.parent?.children.add(this)
  }

  /** This scope's own. */
  own(moduleId: string): AnyInstance | undefined {
    return this.members.get(moduleId)?.instance
  }

  /** The nearest. */
  find(moduleId: string): AnyInstance | undefined {
    return this.own(moduleId) ?? this.parent?.find(moduleId)
  }

  /** The ids of all that can be found here. */
  ids(): ReadonlyArray<string> {
    return [...new Set([...(this.parent?.ids() ?? []), ...this.members.keys()])]
  }

  /** Makes one cold instance of each module and of all that they import, imports first. */
  admit(impls: ReadonlyArray<AnyModuleImpl>, inputOf: (impl: AnyModuleImpl) => unknown = noInput): void {
    const { app } = this
    const made = Array.from(withImports(impls), (impl): Member => {
      const instanceId = app.nextInstanceId(impl.def.id)
      const instance = new Instance(impl, instanceId, inputOf(impl), app.host, this.context)
      return { instance, resources: impl.layers.length > 0 ? Scope.makeUnsafe() : undefined, order: 0 }
    })
    for (const member of made) this.members.set(member.instance.impl.def.id, member)
  }

  /** Builds the scope's layer, then starts its modules. */
  build(layer: AnyLayer | undefined, built: () => void): Effect.Effect<void, unknown> {
    return Effect.gen({ self: this }, function* () {
      this.context = withModules(this.context, this.members.values())
      if (layer !== undefined) {
        this.resources = Scope.makeUnsafe()
        this.context = yield* this.buildLayer(layer, this.context, this.resources)
      }
      built()
      yield* this.startMembers()
    })
  }

  /** As `build`, for a scope without a layer of its own. */
  start(): Effect.Effect<void, unknown> {
    this.join()
    return Effect.suspend(() => {
      this.context = withModules(this.parent?.context ?? this.context, this.members.values())
      return this.startMembers()
    })
  }

  /** Builds the modules' own layers, then starts the instances, imports first. */
  private startMembers(): Effect.Effect<void, unknown> {
    const members = [...this.members.values()]
    return Effect.gen({ self: this }, function* () {
      const services: Array<Context.Context<never>> = []
      for (const { instance, resources } of members) {
        let own = this.context
        for (const layer of instance.impl.layers) {
          if (resources !== undefined) own = yield* this.buildLayer(layer, own, resources)
        }
        services.push(own)
      }
      members.forEach((member, i) => this.startMember(member, services[i] ?? this.context))
    })
  }

  private startMember(member: Member, services: Context.Context<never>): void {
    const { instance } = member
    // Closed while its layers were being built.
    if (instance.closed) return
    member.order = ++lastOrder
    this.app.live.set(instance.instanceId, instance)
    instance.start(
      services,
      instance.impl.logics.map((logic) => ({
        name: logic.name,
        // As for layers: its needs were settled by `implement`.
        run: Effect.suspend(() => logic.setup(Logic.make(instance, logic.name))) as Effect.Effect<
          unknown,
          unknown
        >
      }))
    )
  }

  private buildLayer(
    layer: AnyLayer,
    context: Context.Context<never>,
    resources: Scope.Scope
  ): Effect.Effect<Context.Context<never>, unknown> {
    // Which services it needs and gives was settled by the types of `implement` and `make`.
    const typed = layer as unknown as Layer.Layer<never, unknown>
    return Effect.map(
      Effect.provideContext(Layer.buildWithMemoMap(typed, this.memoMap, resources), context),
      (built) => Context.merge(context, built)
    )
  }

  // --- end ----------------------------------------------------------------------------------------------

  /** Closes an instance of this scope, or of one inside it. Gives whether this did it. */
  evict(instanceId: string): Effect.Effect<boolean> {
    for (const scope of this.inside()) {
      for (const member of [...scope.leaving, ...scope.members.values()]) {
        if (member.instance.instanceId !== instanceId) continue
        const { id } = member.instance.impl.def
        if (scope.members.get(id) === member) scope.members.delete(id)
        scope.leaving.add(member)
        return Effect.map(scope.closeMember(member), () => scope.leaving.delete(member))
      }
    }
    return Effect.succeed(false)
  }

  /** Closes the instances of this scope and of those inside it, the last started first. */
  readonly closeInstances: Effect.Effect<void> = Effect.suspend(() => {
    const all = [...this.inside()].flatMap((scope) => {
      scope.closed = true
      return [...scope.leaving, ...scope.members.values()].map((member) => ({ scope, member }))
    })
    // Those that have not started depend on others, and nothing on them.
    const place = ({ order }: Member) => (order === 0 ? lastOrder + 1 : order)
    const lastFirst = all.toReversed().toSorted((a, b) => place(b.member) - place(a.member))
    return Effect.forEach(lastFirst, ({ member, scope }) => scope.closeMember(member), { discard: true })
  })

  /** Releases the services of this scope and of those inside it. */
  readonly release: Effect.Effect<void> = Effect.suspend(() => {
    this.parent?.children.delete(this)
    const held = [...this.inside()].flatMap(({ resources }) => (resources === undefined ? [] : [resources]))
    return Effect.forEach(held.toReversed(), (resources) => Scope.close(resources, Exit.void), {
      discard: true
    })
  })

  readonly close: Effect.Effect<void> = Effect.andThen(this.closeInstances, this.release)

  private closeMember({ instance, resources }: Member): Effect.Effect<void> {
    const ended = Effect.map(instance.close, () => void this.app.live.delete(instance.instanceId))
    return resources === undefined ? ended : Effect.andThen(ended, Scope.close(resources, Exit.void))
  }

  /** This scope and all inside it, outer ones first. */
  private *inside(): Generator<ModuleScope> {
    yield this
    for (const child of this.children) yield* child.inside()
  }
}

const noInput = (): undefined => undefined

/** Each module once, after all that it imports. */
const withImports = (impls: ReadonlyArray<AnyModuleImpl>): Iterable<AnyModuleImpl> => {
  const ordered = new Map<string, AnyModuleImpl>()
  const visit = (impl: AnyModuleImpl): void => {
    const known = ordered.get(impl.def.id)
    if (known === impl) return
    if (known !== undefined) throw new DuplicateModule({ moduleId: impl.def.id })
    for (const imported of impl.imports) visit(imported)
    ordered.set(impl.def.id, impl)
  }
  for (const impl of impls) visit(impl)
  return ordered.values()
}

const withModules = (context: Context.Context<never>, members: Iterable<Member>): Context.Context<never> => {
  let all = context
  for (const { instance } of members) {
    all = Context.add(all, instance.impl.def.tag, Faces.of(instance).runtime)
  }
  return all
}
