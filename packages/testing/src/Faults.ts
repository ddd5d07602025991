/** A service that fails, hangs or is late by plan. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** What befalls one call. `E` is what the method may fail with. */
export type Fault<E> =
  | { readonly fault: "none" }
  | { readonly fault: "fail"; readonly error: E }
  | { readonly fault: "die"; readonly defect: unknown }
  | { readonly fault: "hang" }
  | { readonly fault: "delay"; readonly by: Duration.Duration }

export const none: Fault<never> = { fault: "none" }
/** The call fails, without being made. */
export const fail = <E>(error: E): Fault<E> => ({ fault: "fail", error })
export const die = (defect: unknown): Fault<never> => ({ fault: "die", defect })
/** The call never ends, and can be interrupted. */
export const hang: Fault<never> = { fault: "hang" }
/** The call is made later, by the test's clock. */
export const delay = (by: Duration.Input): Fault<never> => ({
  fault: "delay",
  by: Duration.fromInputUnsafe(by)
})

/** The errors of a method, or of a member that is an Effect itself. */
type ErrorOf<Member> =
  Member extends Effect.Effect<infer _A, infer E, infer _R>
    ? E
    : Member extends (...args: infer _Args) => Effect.Effect<infer _A, infer E, infer _R>
      ? E
      : never

/** For each member, what befalls its first call, its second, and so on; those after are as they are. */
export type Plan<Service> = {
  readonly [Name in keyof Service]?: ReadonlyArray<Fault<ErrorOf<Service[Name]>>>
}

/** The service, with the plan for its calls. */
export const plan = <Service extends object>(service: Service, faults: Plan<Service>): Service => {
  const planned = new Map<string, unknown>(
    Object.entries(faults).map(([name, list]) => {
      const left = [...(list as ReadonlyArray<Fault<unknown>>)]
      const member: unknown = Reflect.get(service, name)
      // By its plan's type it is one of the two.
      const wrapped =
        typeof member === "function"
          ? (...args: ReadonlyArray<unknown>) =>
              befalls(left, () => Reflect.apply(member, service, args) as Effect.Effect<unknown, unknown>)
          : befalls(left, () => member as Effect.Effect<unknown, unknown>)
      return [name, wrapped] as const
    })
  )
  // A target of its own: what is read of the service itself could not differ where that is frozen.
  return new Proxy(Object.create(service) as Service, {
    get: (_, name) => {
      if (typeof name === "string" && planned.has(name)) return planned.get(name)
      const member: unknown = Reflect.get(service, name)
      // Private fields are the service's own.
      return typeof member === "function" ? (member.bind(service) as unknown) : member
    }
  })
}

const befalls = (
  left: Array<Fault<unknown>>,
  call: () => Effect.Effect<unknown, unknown>
): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const next = left.shift() ?? none
    switch (next.fault) {
      case "none":
        return call()
      case "fail":
        return Effect.fail(next.error)
      case "die":
        return Effect.die(next.defect)
      case "hang":
        return Effect.never
      case "delay":
        return Effect.delay(Effect.suspend(call), next.by)
    }
  })
