/** The page of the server rendering tests, as both sides have it. */
import { Module, Runtime } from "@sluice/core"
import { LateState } from "@sluice/react/hydrate"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import { Suspense } from "react"
import { RuntimeProvider, useModule, useSelector, useSuspenseSource } from "../../src/index.ts"

/** Where the data come from. */
export class Api extends Context.Service<
  Api,
  { readonly load: (name: string) => Effect.Effect<string, string> }
>()("Api") {}

const Count = Module.make("Count", {
  state: Schema.Struct({ count: Schema.Int, note: Schema.String }),
  actions: { increment: Schema.Void },
  reducers: { increment: (state) => ({ ...state, count: state.count + 1 }) }
})
const CountLive = Count.implement({
  initial: { count: 1, note: "</script><script>document.title = 'broken'</script>\u2028'\\" },
  // In the browser the state goes on before the page has been hydrated.
  logics: [Count.logic("start", ($) => $.actions.increment())]
})

const Part = Module.make("Part", {
  state: Schema.Struct({
    name: Schema.String,
    text: AsyncResult.Schema({ success: Schema.String, error: Schema.String }),
    length: Schema.Int,
    clicks: Schema.Int
  }),
  actions: { click: Schema.Void },
  reducers: { click: (state) => ({ ...state, clicks: state.clicks + 1 }) },
  traits: (t) => ({
    text: t.source({
      key: ({ name }) => name,
      load: (name) => Effect.flatMap(Api, ({ load }) => load(name))
    }),
    length: t.computed(({ text }) => AsyncResult.getOrElse(text, () => "").length)
  })
})
const partLive = (name: string) => Part.implement({ initial: { name, clicks: 0 } })
const ShellPart = partLive("shell")
const KeyedPart = Part.implement({ initial: (name: string) => ({ name, clicks: 0 }) })

const Counter = () => {
  const { count, note } = useSelector(useModule(Count))
  return (
    <>
      <b id="count">{count}</b>
      <i id="note">{note}</i>
    </>
  )
}

const Shown = ({ part }: { readonly part: ReturnType<typeof usePart> }) => {
  const text = useSuspenseSource(part, "text")
  const { clicks, length, name } = useSelector(part, (state) => state)
  return <button id={name} onClick={() => part.actions.click()}>{`${text} ${length} ${clicks}`}</button>
}
const usePart = (name: string) => useModule(KeyedPart, { key: name, input: name })
const Keyed = ({ name }: { readonly name: string }) => <Shown part={usePart(name)} />
const OfTheApp = () => <Shown part={useModule(Part)} />

export interface PageOptions {
  /** Names of what is loaded. */
  readonly parts: ReadonlyArray<string>
  readonly concurrent: boolean
}

export const makeRuntime = (
  load: (name: string) => Effect.Effect<string, string>,
  options: { readonly server?: boolean; readonly hydrate?: unknown }
) => Runtime.make([CountLive, ShellPart], { layer: Layer.succeed(Api, { load }), ...options })

export const Page = ({
  concurrent,
  parts,
  runtime
}: PageOptions & { readonly runtime: Runtime.AnyRuntime }) => (
  <html lang="en">
    <head>
      <title>page</title>
      <link rel="icon" href="data:," />
    </head>
    <body>
      <RuntimeProvider runtime={runtime} concurrent={concurrent}>
        <LateState />
        <Counter />
        <Suspense fallback={<i>wait for shell</i>}>
          <OfTheApp />
        </Suspense>
        {parts.map((name) => (
          <Suspense key={name} fallback={<i id={`wait-${name}`}>wait</i>}>
            <Keyed name={name} />
          </Suspense>
        ))}
      </RuntimeProvider>
    </body>
  </html>
)
