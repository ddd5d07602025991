/** A panel that has been open for long. */
import { useModule, useRuntime } from "@sluice/react"
import { expect, test } from "vitest"
import { type PanelView, Timeline } from "../../src/panel/index.ts"
import { timelineView } from "../../src/panel/views/timeline/TimelineView.tsx"
import { list, makeApp, mount, panel } from "./support.tsx"

test("a panel that looks at one entry after the other keeps no answers", async () => {
  const { counter, runtime } = makeApp({ logs: true })
  const told: { instances: () => number; select: (place: number) => void } = {
    instances: () => 0,
    select: () => {}
  }
  const Component = () => {
    const own = useRuntime()
    told.select = useModule(Timeline).actions.selectAt
    told.instances = () => own.instances().length
    return <timelineView.Component />
  }
  const view: PanelView = { ...timelineView, Component }
  mount({ runtime, initialOpen: true, views: [view] })
  await expect.element(list).toBeVisible()
  for (let n = 0; n < 40; n++) counter.unsafe.dispatch({ _tag: "add", payload: n })
  await expect.element(panel.getByText("80", { exact: true }).first()).toBeVisible()
  const inDetails = panel.getByText(/^Counter#1::t|^Log#1::t/).first()
  for (let place = 1; place <= 80; place++) {
    told.select(place)
    await expect.element(inDetails).toBeVisible()
  }
  await expect.poll(told.instances).toBeLessThan(12)
})
