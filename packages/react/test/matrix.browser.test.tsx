/** That each project of the matrix tests what its name says. */
import * as React from "react"
import { flushSync, version as domVersion } from "react-dom"
import { expect, inject, test } from "vitest"
import * as Sluice from "../src/index.ts"
import { Counter, isReact18, makeCounter, Provided, render } from "./support.tsx"

const Row = ({ name }: { readonly name: string }) => <li>{name.toUpperCase()}</li>

const rendered: Array<object> = []
const List = ({ names, other }: { readonly names: ReadonlyArray<string>; readonly other: number }) => {
  const rows = names.map((name) => <Row key={name} name={name} />)
  return (
    <ul title={String(other)}>
      <Seen rows={rows} />
    </ul>
  )
}
const Seen = ({ rows }: { readonly rows: ReadonlyArray<React.ReactElement> }) => {
  React.useLayoutEffect(() => void rendered.push(rows))
  return rows
}

test("React, its renderer and the package are of the project's version", () => {
  expect(domVersion).toBe(React.version)
  expect(React.version).toMatch(isReact18 ? /^18\.3\./ : /^19\.3\./)
  expect(isReact18).toBe(inject("react") === 18)
})

const compiled = inject("compiled")

test(`the React Compiler is ${compiled ? "on" : "off"} for components: what it memoises is the same object`, () => {
  rendered.length = 0
  const names = ["a", "b"]
  const view = render(<List names={names} other={1} />)
  view.rerender(<List names={names} other={2} />)
  expect(view.text()).toBe("AB")
  expect(new Set(rendered).size).toBe(compiled ? 1 : 2)
})

test(`the React Compiler is ${compiled ? "on" : "off"} for the package's hooks: its cache is in their code`, () => {
  const hooks = [Sluice.useOnAction, Sluice.useBacklog, Sluice.useTrace].map(String)
  expect(hooks.map((code) => /\b_c\(\d+\)/.test(code))).toEqual(hooks.map(() => compiled))
})

test("an update renders in the mode of the project", () => {
  const runtime = makeCounter()
  const Count = () => <>{Sluice.useSelector(Sluice.useModule(Counter), (state) => state.count)}</>
  const view = render(
    <Provided runtime={runtime}>
      <Count />
    </Provided>
  )
  flushSync(() => runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe("1")
})
