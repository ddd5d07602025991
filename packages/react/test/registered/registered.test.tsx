/** Types where the app has declared its runtime: what a local instance needs, and nobody gives, does not compile. */
import { Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { expectTypeOf, test } from "vitest"
import { RuntimeProvider, useModule } from "@sluice/react"

class Api extends Context.Service<Api, { readonly url: string }>()("test/registered/Api") {}
class Clock extends Context.Service<Clock, number>()("test/registered/Clock") {}

const Session = Module.make("Session", { state: Schema.String, actions: {} })
const Form = Module.make("Form", {
  state: Schema.Struct({ text: Schema.String }),
  actions: { type: Schema.String }
})
const needing = <R,>(services: Effect.Effect<unknown, never, R>) =>
  Form.implement({ initial: (text: string) => ({ text }), logics: [Form.logic("needs", () => services)] })

const Plain = needing(Effect.void)
const OfApp = needing(Effect.all([Api, Session.tag]))
const OfOwn = needing(Effect.all([Api, Clock]))
const clock = Layer.succeed(Clock, 1)
const clockOfApi = Layer.effect(
  Clock,
  Effect.map(Api, ({ url }) => url.length)
)
const apiOfClock = Layer.effect(
  Api,
  Effect.map(Clock, (n) => ({ url: `${n}` }))
)

const runtime = Runtime.make(Session.implement({ initial: "" }), { layer: Layer.succeed(Api, { url: "/" }) })

declare module "@sluice/react" {
  interface Register {
    readonly runtime: typeof runtime
  }
}

// Never rendered: only its types count.
export const Typed = () => {
  const form = useModule(Plain, { input: "a" })
  expectTypeOf(useModule(OfApp, { input: "a" })).toEqualTypeOf<typeof form>()
  expectTypeOf(useModule(OfApp.impl, { input: "a", key: "k" })).toEqualTypeOf<typeof form>()
  expectTypeOf(useModule(OfOwn, { input: "a", layer: clock })).toEqualTypeOf<typeof form>()
  expectTypeOf(useModule(OfOwn, { input: "a", layer: clockOfApi })).toEqualTypeOf<typeof form>()
  // @ts-expect-error the runtime has no Clock
  useModule(OfOwn, { input: "a" })
  // @ts-expect-error this layer gives no Clock
  useModule(OfOwn, { input: "a", layer: Layer.empty })
  // @ts-expect-error the layer needs a Clock, which the runtime does not have
  useModule(Plain, { input: "a", layer: apiOfClock })
  return (
    <>
      <RuntimeProvider runtime={runtime} layer={clockOfApi} />
      {/* @ts-expect-error the layer needs a Clock, which the runtime does not have */}
      <RuntimeProvider runtime={runtime} layer={apiOfClock} />
    </>
  )
}

test("a runtime that the app declares is what the compiler asks for services", () => {
  expectTypeOf(Typed).toBeFunction()
})
