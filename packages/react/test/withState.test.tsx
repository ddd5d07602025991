/** Section 6 of the contract: what a server writes into its page. */
import { Module, Runtime } from "@sluice/core"
import { stateScript, withState } from "@sluice/react/server"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import { PassThrough } from "node:stream"
import { runInNewContext } from "node:vm"
import { Suspense } from "react"
import { renderToPipeableStream } from "react-dom/server"
import { expect, onTestFinished, test } from "vitest"
import { RuntimeProvider, useModule, useSelector, useSuspenseSource } from "../src/index.ts"

const inside = (script: string) => /^<script[^>]*>(.*)<\/script>$/s.exec(script)?.[1] ?? ""

/** What the script gives a page. */
const run = (script: string): ReadonlyArray<unknown> => {
  const self: { __sluiceState?: ReadonlyArray<unknown> } = {}
  let removed = 0
  runInNewContext(inside(script), { self, document: { currentScript: { remove: () => removed++ } } })
  expect(removed).toBe(1)
  return JSON.parse(JSON.stringify(self.__sluiceState)) as ReadonlyArray<unknown>
}

test("6 no state ends its script or runs, and the page gets the same", () => {
  const hostile = [
    "</script>",
    "<!--<script>",
    "\u2028\u2029",
    "'+alert(1)+'",
    '\\"\\',
    "\\u003c",
    "${x}`",
    "\n\r\0"
  ]
  const state = { hostile, ["__proto__x"]: 1 }
  const snapshot = { format: 1, instances: [{ module: "M", state }] } as const
  const script = stateScript(snapshot, { nonce: 'a"b' })
  expect(inside(script)).not.toMatch(/[<\u2028\u2029\n\r]/)
  expect(script).toContain('nonce="a&quot;b"')
  expect(run(script)).toEqual([snapshot])
})

const make = (load: (name: string) => Effect.Effect<string, string>) => {
  const Page = Module.make("Page", {
    state: Schema.Struct({
      name: Schema.String,
      count: Schema.Number,
      text: AsyncResult.Schema({ success: Schema.String, error: Schema.String })
    }),
    actions: { add: Schema.Number },
    reducers: { add: (state, by) => ({ ...state, count: state.count + by }) },
    traits: (t) => ({ text: t.source({ key: ({ name }) => name, load }) })
  })
  const PageLive = Page.implement({ initial: { name: "root", count: 0 } })
  const KeyedLive = Page.implement({ initial: (name: string) => ({ name, count: 0 }) })
  const errors: Array<unknown> = []
  const runtime = Runtime.make(PageLive, {
    server: true,
    onError: (cause) => errors.push(Cause.squash(cause))
  })
  onTestFinished(() => runtime.dispose())
  const { unsafe } = runtime.resolve(Page.tag)
  const Text = () => <b>{useSuspenseSource(useModule(Page), "text")}</b>
  const Count = () => <i>{useSelector(useModule(Page), (state) => state.count)}</i>
  const Keyed = () => <b>{useSuspenseSource(useModule(KeyedLive, { key: "k", input: "keyed" }), "text")}</b>
  const Private = () => <b>{useSuspenseSource(useModule(KeyedLive, { input: "private" }), "text")}</b>
  return { Count, Keyed, Page, Private, Text, errors, runtime, unsafe }
}

/** Renders into a stream; `html` is all that was written so far. */
const render = (content: React.ReactNode, runtime: Runtime.AnyRuntime) => {
  const response = new PassThrough()
  let html = ""
  response.on("data", (chunk: Buffer) => (html += chunk.toString()))
  const errors: Array<unknown> = []
  const ended = new Promise<void>((resolve) => response.on("end", resolve))
  const { abort, pipe } = renderToPipeableStream(
    <html lang="en">
      <body>
        <RuntimeProvider runtime={runtime}>{content}</RuntimeProvider>
      </body>
    </html>,
    {
      onShellReady: () => void pipe(withState(response, runtime)),
      onError: (error) => void errors.push(error)
    }
  )
  return { abort, ended, errors, html: () => html }
}

const scripts = (html: string) => html.match(/<script>document\.currentScript.*?<\/script>/gs) ?? []
const told = (html: string) => scripts(html).flatMap(run)

test("6 the shell's states come after it, and what has changed before each later part", async () => {
  const answer = Deferred.makeUnsafe<string>()
  const { Count, Text, runtime } = make(() => Deferred.await(answer))
  const page = render(
    <>
      <Count />
      <Suspense fallback="wait">
        <Text />
      </Suspense>
    </>,
    runtime
  )
  await expect.poll(() => scripts(page.html()).length).toBe(1)
  const shell = page.html()
  expect(shell.indexOf("wait")).toBeLessThan(shell.indexOf("__sluiceState"))
  Deferred.doneUnsafe(answer, Effect.succeed("one"))
  await page.ended
  const rest = page.html().slice(shell.length)
  expect(rest.indexOf("__sluiceState")).toBeLessThan(rest.indexOf("<b>one</b>"))
  expect(told(page.html())).toMatchObject([
    {
      instances: [
        {
          module: "Page",
          state: { name: "root", count: 0 },
          sources: { text: { _tag: "Initial", waiting: true } }
        }
      ]
    },
    { instances: [{ module: "Page", sources: { text: { _tag: "Success", value: "one" } } }] }
  ])
  // The state has not changed, and the browser's may have.
  expect(JSON.stringify(told(page.html())[1])).not.toContain("count")
})

test("6 a page that is ready at once has its states, once", async () => {
  const { Count, runtime } = make(Effect.succeed)
  const page = render(<Count />, runtime)
  await page.ended
  expect(told(page.html())).toMatchObject([{ instances: [{ state: { count: 0 } }] }])
  expect(page.html()).toContain("</html>")
})

test("6 the server renders the current state, also of what changed meanwhile", async () => {
  const answer = Deferred.makeUnsafe<string>()
  const { Count, Page, Text, runtime, unsafe } = make(() => Deferred.await(answer))
  unsafe.dispatch({ _tag: "add", payload: 3 })
  // What waits itself, or is inside of what waits, is rendered after that; what is beside it may be before.
  const Late = () => (
    <p>{[<Text key="text" />, useSuspenseSource(useModule(Page), "text") && <Count key="count" />]}</p>
  )
  const page = render(
    <Suspense fallback="wait">
      <Late />
    </Suspense>,
    runtime
  )
  await expect.poll(() => scripts(page.html()).length).toBe(1)
  unsafe.dispatch({ _tag: "add", payload: 4 })
  Deferred.doneUnsafe(answer, Effect.succeed("one"))
  await page.ended
  expect(page.html()).toContain("<i>7</i>")
  expect(told(page.html())).toMatchObject([
    { instances: [{ state: { count: 3 } }] },
    { instances: [{ state: { count: 7 }, sources: { text: { value: "one" } } }] }
  ])
})

test("6 a keyed local instance is sent under its key", async () => {
  const { Keyed, runtime } = make((name) => Effect.succeed(`${name}!`))
  const page = render(
    <Suspense fallback="wait">
      <Keyed />
    </Suspense>,
    runtime
  )
  await page.ended
  expect(page.html()).toContain("<b>keyed!</b>")
  expect(told(page.html()).flatMap((snapshot) => (snapshot as Runtime.Snapshot).instances)).toContainEqual(
    expect.objectContaining({
      scope: ["Page/k"],
      sources: { text: expect.objectContaining({ value: "keyed!" }) as unknown }
    })
  )
})

test("6 a private one is refused, and left to the browser", async () => {
  const { Private, runtime } = make(Effect.succeed)
  const page = render(
    <Suspense fallback="wait">
      <Private />
    </Suspense>,
    runtime
  )
  await page.ended
  expect(page.errors).toMatchObject([{ _tag: "KeyRequired" }])
  expect(page.html()).toContain("wait")
})

test("6 what fails, and what is cut off, is given back to the browser", async () => {
  const failing = make(() => Effect.fail("offline"))
  const failed = render(
    <Suspense fallback="wait">
      <failing.Text />
    </Suspense>,
    failing.runtime
  )
  await failed.ended
  expect(failed.errors).toEqual(["offline"])
  expect(told(failed.html()).at(-1)).toMatchObject({
    instances: [{ sources: { text: { _tag: "Initial", waiting: false } } }]
  })
  const hanging = make(() => Effect.never)
  const cut = render(
    <Suspense fallback="wait">
      <hanging.Text />
    </Suspense>,
    hanging.runtime
  )
  await expect.poll(() => scripts(cut.html()).length).toBe(1)
  cut.abort()
  await cut.ended
  expect(told(cut.html()).at(-1)).toMatchObject({
    instances: [{ sources: { text: { _tag: "Initial", waiting: false } } }]
  })
})

test("6 states that cannot be sent are reported, and the page goes on", async () => {
  const { Count, errors, runtime, unsafe } = make(Effect.succeed)
  unsafe.dispatch({ _tag: "add", payload: "x" as unknown as number })
  const page = render(<Count />, runtime)
  await page.ended
  expect(page.html()).toContain("<i>0x</i>")
  expect(errors[0]).toMatchObject({ _tag: "InvalidState" })
})
