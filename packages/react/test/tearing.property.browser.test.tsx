import * as fc from "fast-check"
import { startTransition, useState } from "react"
import { expect, test, vi } from "vitest"
import { useModule, useSelector } from "../src/index.ts"
import { concurrent, render, RuntimeProvider } from "./support.tsx"
import { Left, makeApp, makeStage, Right, takeTime, urgently } from "./transitions.tsx"

const seed = 20_262
const numRuns = 20

const bothModules = ["left", "right"] as const
type ModuleName = (typeof bothModules)[number]
type Names = ReadonlyArray<ModuleName>

/** What a component shows: what was noted in one module, or by one selector in both. */
type Kind = ModuleName | "pair"

type Step =
  /** Notes one new number in each of the modules. `later`: neither urgently nor in a transition. */
  | { readonly step: "note"; readonly lane: "urgent" | "later" | "transition"; readonly of: Names }
  /** A transition that does that, and shows one component more; it lasts until `end`. */
  | { readonly step: "pend"; readonly of: Names; readonly kind: Kind }
  | { readonly step: "end"; readonly which: number }
  | { readonly step: "mount"; readonly lane: "urgent" | "transition"; readonly kind: Kind }
  | { readonly step: "unmount"; readonly lane: "urgent" | "transition"; readonly which: number }
  | { readonly step: "turn" }

const of = fc.constantFrom<Names>(["left"], ["right"], ["left", "right"])
const kind = fc.constantFrom<Kind>("left", "right", "pair")
const lane = fc.constantFrom("urgent", "transition")

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant("note"),
      lane: fc.constantFrom("urgent", "later", "transition"),
      of
    })
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant("pend"), of, kind }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("end"), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant("mount"), lane, kind }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("unmount"), lane, which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant("turn") }) }
)

/** What was noted, as a component shows it: left, right. */
interface Noted {
  readonly left?: string
  readonly right?: string
}

/** Takes its time, so that a transition's render has slices, and what is between two is in the middle of it. */
const Show = ({ kind }: { readonly kind: Kind }) => {
  takeTime(2)
  const noted = useSelector([useModule(Left), useModule(Right)], (left, right): string => {
    const both = { left: left.noted.join(), right: right.noted.join() }
    return JSON.stringify(kind === "pair" ? both : ({ [kind]: both[kind] } satisfies Noted))
  })
  return <i>{noted}</i>
}

/** All those of one note, in the order in which they were made, and how. */
interface Note {
  readonly what: number
  readonly of: Names
  readonly lane: "urgent" | "later" | "transition"
}

interface Place {
  readonly id: number
  readonly kind: Kind
}

const met = { views: 0, behind: 0, current: 0, pending: 0 }

class Page {
  private readonly app = makeApp()
  private readonly stage = makeStage()
  private readonly notes: Array<Note> = []
  private readonly pending: Array<{ readonly what: number; readonly end: () => void }> = []
  /** Of how many of `notes` the urgent ones must be shown. */
  private due = 0
  private last = { left: "", right: "" }
  private places = 0
  private show: (change: (places: ReadonlyArray<Place>) => ReadonlyArray<Place>) => void = () => {}
  private readonly view: ReturnType<typeof render>
  private readonly watcher: MutationObserver
  readonly wrong: Array<string> = []

  constructor() {
    const setShow = (show: Page["show"]) => (this.show = show)
    const Grow = () => {
      const [places, setPlaces] = useState<ReadonlyArray<Place>>([])
      setShow(setPlaces)
      return places.map(({ id, kind }) => <Show key={id} kind={kind} />)
    }
    this.view = render(
      <RuntimeProvider runtime={this.app.runtime}>
        <Show kind="left" />
        <Show kind="right" />
        <Grow />
        <Show kind="pair" />
        <this.stage.Stage />
      </RuntimeProvider>
    )
    this.watcher = new MutationObserver(() => this.look())
    this.watcher.observe(this.view.container, { subtree: true, childList: true, characterData: true })
  }

  private note(of: Names, lane: Note["lane"]): void {
    const what = this.notes.length
    this.notes.push({ what, of, lane })
    for (const name of of) this.app[name].dispatch({ _tag: "note", payload: what })
  }

  private add(kind: Kind): void {
    const id = this.places++
    this.show((places) => [...places, { id, kind }])
  }

  private in<Lane extends "urgent" | "transition">(lane: Lane, body: (lane: Lane) => void): void {
    if (lane === "transition") return startTransition(() => body(lane))
    urgently(() => body(lane))
    this.due = this.notes.length
    this.look()
  }

  async take(each: Step): Promise<void> {
    switch (each.step) {
      case "note":
        if (each.lane === "later") this.note(each.of, "later")
        else this.in(each.lane, (lane) => this.note(each.of, lane))
        return
      case "pend": {
        met.pending++
        const what = this.notes.length
        const end = await this.stage.pend(() => {
          this.note(each.of, "transition")
          this.add(each.kind)
        })
        this.pending.push({ what, end })
        return
      }
      case "end":
        return this.pending.splice(each.which % Math.max(this.pending.length, 1), 1)[0]?.end()
      case "mount":
        return this.in(each.lane, () => this.add(each.kind))
      case "unmount":
        return this.in(each.lane, () =>
          this.show((places) => places.filter((_, index) => index !== each.which % (places.length + 1)))
        )
      case "turn":
        await new Promise((resume) => setTimeout(resume))
        return
    }
  }

  /** The page as it is now: all of one view, which has what it must, in order; transitions whole, and ended. */
  private look(): void {
    met.views++
    const all = [...this.view.container.querySelectorAll("i")].map(
      ({ textContent }) => JSON.parse(textContent ?? "") as Noted
    )
    const one = (name: ModuleName) =>
      [...new Set(all.flatMap((noted) => (noted[name] === undefined ? [] : [noted[name]])))].join(" and ")
    const view = { left: one("left"), right: one("right") }
    const complaint = this.complaint(view)
    if (complaint !== undefined) this.wrong.push(`${complaint}: ${JSON.stringify(view)}`)
    if (view.left.length < this.last.left.length || view.right.length < this.last.right.length) {
      this.wrong.push(`went back from ${JSON.stringify(this.last)} to ${JSON.stringify(view)}`)
    }
    this.last = view
    const truth = this.truth()
    met[truth.left === view.left && truth.right === view.right ? "current" : "behind"]++
  }

  private complaint(view: Readonly<Record<ModuleName, string>>): string | undefined {
    for (const name of bothModules) {
      if (view[name].includes("and")) return `${name} is shown in two states`
      const numbers = view[name] === "" ? [] : view[name].split(",").map(Number)
      if (numbers.some((what, index) => what <= (numbers[index - 1] ?? -1))) return `${name} is out of order`
    }
    const pending = new Set(this.pending.map(({ what }) => what))
    for (const { lane, of, what } of this.notes) {
      const shown = of.filter((name) => view[name].split(",").includes(String(what)))
      if (shown.length > 0 && shown.length < of.length) return `${what} is shown in ${shown.join()} alone`
      if (concurrent && shown.length > 0 && pending.has(what)) return `${what} is shown before it ended`
      if (lane === "urgent" && what < this.due && shown.length === 0) return `${what} is not shown`
    }
    return undefined
  }

  private truth(): { readonly left: string; readonly right: string } {
    const { left, right } = this.app
    return { left: left.getState().noted.join(), right: right.getState().noted.join() }
  }

  async finish(): Promise<void> {
    for (const { end } of this.pending.splice(0)) end()
    const { left, right } = this.truth()
    await vi.waitFor(
      () => {
        this.look()
        expect(this.last).toEqual({ left, right })
      },
      { timeout: 5_000 }
    )
    this.watcher.disconnect()
    this.view.unmount()
    await this.app.runtime.dispose()
  }
}

test("random commits, mounts and unmounts: the page is always one view, and at the end the truth", async () => {
  console.log(`tearing: seed ${seed}, ${numRuns} runs`)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: "max" }), async (steps) => {
      const page = new Page()
      for (const each of steps) await page.take(each)
      await page.finish()
      expect(page.wrong).toEqual([])
    }),
    { seed, numRuns }
  )
  console.log("tearing:", met)
  for (const [what, count] of Object.entries(met)) expect(count, what).toBeGreaterThan(0)
}, 120_000)
