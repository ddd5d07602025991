import { Collection, Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import { startTransition, StrictMode, Suspense, useState } from "react"
import * as React from "react"
import type { ReactNode } from "react"
import { describe, expect, test } from "vitest"
import { type RefOf, useModule, useSelector } from "../src/index.ts"
import { make, react19, render, RuntimeProvider } from "./support.tsx"
import {
  finallyShows,
  Left,
  LeftCount,
  LeftLive,
  LeftName,
  makeApp,
  makeGate,
  makeStage,
  open,
  openIn,
  Pair,
  Right,
  RightCount,
  shown,
  takeTime,
  urgently,
  watch
} from "./transitions.tsx"

describe("a transition", () => {
  test("is shown when it ends, and the runtime has it at once", async () => {
    const { container, left, pend, shows } = open(<LeftCount />)
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    expect(shows("left")).toBe("0")
    expect(left.getState().count).toBe(1)
    end()
    await finallyShows(container, "left", "1")
  })

  test("lets an urgent commit be shown as if it had not been, and is then shown in its own place", async () => {
    const { container, left, pend } = open(<LeftCount />)
    urgently(() => left.dispatch({ _tag: "add", payload: 1 }))
    const seen = watch(container, "left")
    const ends = [
      await pend(() => left.dispatch({ _tag: "add", payload: 1 })),
      await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    ]
    urgently(() => left.dispatch({ _tag: "double" }))
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    for (const end of ends) end()
    await finallyShows(container, "left", "16")
    expect(seen).toEqual(["1", "2", "12", "16"])
  })

  test("does not keep back an urgent commit that does the same again", async () => {
    const { container, left, pend, shows } = open(<LeftName />)
    const end = await pend(() => left.dispatch({ _tag: "rename", payload: "it" }))
    expect(shows("name")).toBe("-")
    urgently(() => left.dispatch({ _tag: "rename", payload: "it" }))
    expect(shows("name")).toBe("it")
    end()
    await finallyShows(container, "name", "it")
  })

  test("T3: does not keep back an urgent action that has nothing left to do", async () => {
    const { container, left, pend, shows } = open(<LeftCount />, <LeftName />)
    const end = await pend(() => {
      left.dispatch({ _tag: "set", payload: 7 })
      left.dispatch({ _tag: "rename", payload: "it" })
    })
    expect(shows("left")).toBe("0")
    urgently(() => left.dispatch({ _tag: "set", payload: 7 }))
    expect(shows("left")).toBe("7")
    expect(shows("name")).toBe("-")
    end()
    await finallyShows(container, "name", "it")
    expect(shows("left")).toBe("7")
  })

  test("that changes nothing for a component does not render it", async () => {
    const renders = { name: 0, count: 0 }
    const Name = () => {
      renders.name++
      return <>{useSelector(useModule(Left), ({ name }) => name)}</>
    }
    const Count = () => {
      renders.count++
      return <LeftCount />
    }
    const { container, left, pend } = open(<Name />, <Count />)
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    urgently(() => left.dispatch({ _tag: "note", payload: 1 }))
    end()
    await finallyShows(container, "left", "11")
    expect(renders).toEqual({ name: 1, count: 1 })
  })

  test("whose reducer throws has nothing pending, and the caller gets the error", async () => {
    const { container, left } = open(<LeftCount />)
    let thrown: unknown
    startTransition(() => {
      try {
        left.dispatch({ _tag: "spend", payload: 1 })
      } catch (error) {
        thrown = error
      }
    })
    expect(thrown).toMatchObject({ _tag: "ReducerFailed" })
    startTransition(() => left.dispatch({ _tag: "add", payload: 1 }))
    await finallyShows(container, "left", "1")
  })

  test("that undoes what it did is never seen", async () => {
    const { container, left, pend } = open(<LeftCount />)
    const seen = watch(container, "left")
    const end = await pend(() => {
      left.dispatch({ _tag: "add", payload: 3 })
      left.dispatch({ _tag: "spend", payload: 3 })
    })
    urgently(() => left.dispatch({ _tag: "add", payload: 1 }))
    end()
    await finallyShows(container, "left", "1")
    expect(seen).toEqual(["0", "1"])
  })

  test("works the same in StrictMode", async () => {
    const { left, pend, runtime, Stage } = { ...makeApp(), ...makeStage() }
    const { container } = render(
      <StrictMode>
        <RuntimeProvider runtime={runtime}>
          <LeftCount />
          <LeftCount />
          <Stage />
        </RuntimeProvider>
      </StrictMode>
    )
    const seen = watch(container, "left")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    urgently(() => left.dispatch({ _tag: "double" }))
    end()
    await finallyShows(container, "left", "22")
    expect(seen).toEqual(["0", "10", "20", "22"])
  })
})

describe("many modules", () => {
  test("a transition of one lets the other be shown, also to who selects from both", async () => {
    const { container, left, pend, right } = open(<LeftCount />, <RightCount />, <Pair />)
    const seen = watch(container, "left", "right", "pair")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => right.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => right.dispatch({ _tag: "add", payload: 1 }))
    end()
    await finallyShows(container, "pair", "1/2")
    expect(seen).toEqual(["0 0 0/0", "0 1 0/1", "0 2 0/2", "1 2 1/2"])
  })

  test("what one transition did to both is shown at one moment", async () => {
    const { container, left, pend, right } = open(<LeftCount />, <RightCount />, <Pair />)
    const seen = watch(container, "left", "right", "pair")
    const end = await pend(() => {
      left.dispatch({ _tag: "add", payload: 1 })
      right.dispatch({ _tag: "add", payload: 1 })
    })
    urgently(() => {
      left.dispatch({ _tag: "add", payload: 10 })
      right.dispatch({ _tag: "add", payload: 10 })
    })
    end()
    await finallyShows(container, "pair", "11/11")
    expect(seen).toEqual(["0 0 0/0", "10 10 10/10", "11 11 11/11"])
  })

  test("T11: a group is shown whole, in a transition and beside one", async () => {
    const { container, pend, runtime } = open(<LeftCount />, <RightCount />, <Pair />, <LeftName />)
    const seen = watch(container, "left", "right", "pair", "name")
    const end = await pend(() =>
      runtime.unsafe.transact([Left, Right], "count", (left, right) => {
        left.update((state) => ({ ...state, count: 1 }))
        right.update((state) => ({ ...state, count: 1 }))
      })
    )
    urgently(() =>
      runtime.unsafe.transact([Left, Right], "rename", (left, right) => {
        left.update((state) => ({ ...state, name: "both" }))
        right.update((state) => ({ ...state, name: "both" }))
      })
    )
    end()
    await finallyShows(container, "pair", "1/1")
    expect(seen).toEqual(["0 0 0/0 -", "0 0 0/0 both", "1 1 1/1 both"])
  })
})

describe("an entry that is no action, while a transition is pending", () => {
  test("transact: the page has it, without the transition, and both afterwards", async () => {
    const { container, left, pend } = open(<LeftCount />, <LeftName />)
    const seen = watch(container, "left", "name")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => left.transact("rename", (tx) => tx.update((state) => ({ ...state, name: "it" }))))
    end()
    await finallyShows(container, "left", "1")
    expect(seen).toEqual(["0 -", "0 it", "1 it"])
  })

  test("transact in the transition itself is pending with it", async () => {
    const { container, left, pend } = open(<LeftCount />, <LeftName />)
    const seen = watch(container, "left", "name")
    const end = await pend(() =>
      left.transact("rename", (tx) => tx.update((state) => ({ ...state, name: "it" })))
    )
    urgently(() => left.dispatch({ _tag: "add", payload: 1 }))
    end()
    await finallyShows(container, "name", "it")
    expect(seen).toEqual(["0 -", "1 -", "1 it"])
  })

  test("a row of a collection that it wrote is shown, and one that the transition wrote is not yet", async () => {
    const rows = Collection.schema(Schema.Struct({ id: Schema.String, n: Schema.Number }), "id")
    const Board = Module.make("Board", {
      state: Schema.Struct({ rows }),
      actions: { raise: Schema.String },
      reducers: {
        raise: (state, id) => ({ rows: state.rows.update(id, (row) => ({ ...row, n: row.n + 1 })) })
      }
    })
    const initial = {
      rows: rows.empty.setAll([
        { id: "a", n: 0 },
        { id: "b", n: 0 }
      ])
    }
    const runtime = make(Runtime.make(Board.implement({ initial })))
    const board = runtime.resolve(Board.tag).unsafe
    const Row = ({ id }: { readonly id: string }) => (
      <i title={id}>{useSelector(useModule(Board), (state) => state.rows.get(id)?.n)}</i>
    )
    const { container, pend } = openIn(runtime, <Row id="a" />, <Row id="b" />, <Row id="c" />)
    const seen = watch(container, "a", "b", "c")
    const end = await pend(() => board.dispatch({ _tag: "raise", payload: "a" }))
    const add = (by: number) =>
      board.transact("add", (tx) =>
        tx.mutate((draft) => {
          draft.rows.update("b", (row) => {
            row.n += by
          })
          draft.rows.set({ id: "c", n: by })
        })
      )
    urgently(() => add(5))
    end()
    await finallyShows(container, "a", "1")
    expect(seen).toEqual(["0 0 ", "0 5 5", "1 5 5"])
  })

  test("a service's callbacks are shown, with an action and without", async () => {
    const calls = Promise.withResolvers<{
      readonly add: (by: number) => Promise<void>
      readonly rename: (name: string) => Promise<void>
    }>()
    const logic = Left.logic("service", ($) =>
      Effect.sync(() =>
        calls.resolve({
          add: $.callback("add"),
          rename: $.callback("rename it", (state, name: string) => ({ ...state, name }))
        })
      )
    )
    const runtime = make(Runtime.make(LeftLive.withLogic(logic)))
    const left = runtime.resolve(Left.tag).unsafe
    const { container, pend } = openIn(runtime, <LeftCount />, <LeftName />)
    const { add, rename } = await calls.promise
    const seen = watch(container, "left", "name")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => void add(10))
    urgently(() => void rename("it"))
    end()
    await finallyShows(container, "left", "11")
    expect(seen).toEqual(["0 -", "10 -", "10 it", "11 it"])
  })

  test("a source's refresh is shown, and what is computed follows what is shown", async () => {
    const answers: Array<Deferred.Deferred<string>> = []
    const User = Module.make("User", {
      state: Schema.Struct({
        id: Schema.Number,
        user: AsyncResult.Schema({ success: Schema.String, error: Schema.Never }),
        twice: Schema.Number
      }),
      actions: { add: Schema.Number },
      reducers: { add: (state, by) => ({ ...state, id: state.id + by }) },
      traits: (t) => ({
        twice: t.computed(({ id }) => id * 2),
        user: t.source({
          key: () => "one",
          load: () =>
            Effect.suspend(() => {
              const answer = Deferred.makeUnsafe<string>()
              answers.push(answer)
              return Deferred.await(answer)
            })
        })
      })
    })
    const runtime = make(Runtime.make(User.implement({ initial: { id: 0 } })))
    const user = runtime.resolve(User.tag)
    const Show = () => {
      const { id, twice, user } = useSelector(useModule(User))
      return <i title="user">{`${id} ${twice} ${AsyncResult.getOrElse(user, () => "nobody")}`}</i>
    }
    const { container, pend } = openIn(runtime, <Show />)
    await expect.poll(() => answers.length).toBe(1)
    const seen = watch(container, "user")
    const end = await pend(() => user.unsafe.dispatch({ _tag: "add", payload: 1 }))
    Deferred.doneUnsafe(answers[0]!, Effect.succeed("Ada"))
    await finallyShows(container, "user", "0 0 Ada")
    urgently(() => user.unsafe.dispatch({ _tag: "add", payload: 10 }))
    end()
    await finallyShows(container, "user", "11 22 Ada")
    expect(seen).toEqual(["0 0 nobody", "0 0 Ada", "10 20 Ada", "11 22 Ada"])
  })

  test("what no reducer did to the field that is pending: the page agrees, and ends with the truth", async () => {
    const { container, left, pend, shows } = open(<LeftCount />, <LeftCount />)
    const seen = watch(container, "left")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() =>
      left.transact("more", (tx) => tx.update((state) => ({ ...state, count: state.count + 10 })))
    )
    end()
    await finallyShows(container, "left", "11")
    expect(seen.filter((each) => each.includes("and"))).toEqual([])
    expect(shows("left")).toBe(String(left.getState().count))
  })
})

describe("a commit that says what the state is, while a transition is pending", () => {
  test("devtools: another moment is shown as it is, and the present afterwards", async () => {
    const { container, left, pend, runtime, shows } = open(<LeftCount />, <LeftCount />)
    const seen = watch(container, "left")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    const past = { count: 40, name: "then", noted: [] }
    urgently(() => runtime.travel.to(new Map([[runtime.resolve(Left.tag).instanceId, past]])))
    expect(shows("left")).toBe("40")
    urgently(() => runtime.travel.live())
    end()
    await finallyShows(container, "left", "1")
    urgently(() => left.dispatch({ _tag: "add", payload: 1 }))
    expect(shows("left")).toBe("2")
    expect(seen.filter((each) => each.includes("and"))).toEqual([])
  })

  test("hydrate: its state is shown, whatever was pending", async () => {
    const other = makeApp()
    other.left.dispatch({ _tag: "add", payload: 7 })
    const { container, left, pend, runtime, shows } = open(<LeftCount />, <LeftCount />)
    const seen = watch(container, "left")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => runtime.hydrate(other.runtime.dehydrate()))
    expect(shows("left")).toBe("7")
    urgently(() => left.dispatch({ _tag: "add", payload: 1 }))
    expect(shows("left")).toBe("8")
    end()
    await expect.poll(() => left.getState().count).toBe(8)
    await finallyShows(container, "left", "8")
    expect(seen).toEqual(["0", "7", "8"])
  })
})

test("a reducer that refuses what is shown: the page agrees, no one is told of an error, it ends with the truth", async () => {
  const errors: Array<unknown> = []
  const runtime = make(Runtime.make(LeftLive, { onError: (cause) => errors.push(cause) }))
  const left = runtime.resolve(Left.tag).unsafe
  const { container, pend } = openIn(runtime, <LeftCount />, <LeftCount />)
  const seen = watch(container, "left")
  const end = await pend(() => left.dispatch({ _tag: "add", payload: 5 }))
  // What is shown is 0, of which 3 cannot be spent.
  urgently(() => left.dispatch({ _tag: "spend", payload: 3 }))
  urgently(() => left.dispatch({ _tag: "add", payload: 1 }))
  end()
  await finallyShows(container, "left", "3")
  expect(seen.filter((each) => each.includes("and"))).toEqual([])
  expect(errors).toEqual([])
})

describe("a component that mounts while a transition is pending shows what the others do", () => {
  /** Shows one count, and one more when told. */
  const growing = (more: ReactNode = <LeftCount />) => {
    let show: (isShown: boolean) => void = () => {}
    const Grow = () => {
      const [isShown, setShown] = useState(false)
      show = setShown
      return isShown ? more : null
    }
    const opened = open(<LeftCount />, <Grow />)
    return { ...opened, show: (isShown: boolean) => show(isShown) }
  }
  const counts = (container: Element) => container.querySelectorAll("[title=left]").length

  test("urgently", async () => {
    const { container, left, pend, show, shows } = growing()
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => show(true))
    expect(counts(container)).toBe(2)
    expect(shows("left")).toBe("0")
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    expect(shows("left")).toBe("10")
    end()
    await finallyShows(container, "left", "11")
  })

  test("urgently, in the batch of a commit", async () => {
    const { container, left, pend, show } = growing()
    const seen = watch(container, "left")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => {
      show(true)
      left.dispatch({ _tag: "add", payload: 10 })
    })
    end()
    await finallyShows(container, "left", "11")
    expect(seen).toEqual(["0", "10", "11"])
  })

  test("in the same transition", async () => {
    const { container, left, pend, show } = growing()
    const seen = watch(container, "left")
    const end = await pend(() => {
      left.dispatch({ _tag: "add", payload: 1 })
      show(true)
    })
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    expect(counts(container)).toBe(1)
    end()
    await finallyShows(container, "left", "11")
    expect(counts(container)).toBe(2)
    expect(seen).toEqual(["0", "10", "11"])
  })

  test("in another transition", async () => {
    const { container, left, pend, show } = growing()
    const seen = watch(container, "left")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    startTransition(() => show(true))
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    end()
    await finallyShows(container, "left", "11")
    await expect.poll(() => counts(container)).toBe(2)
    expect(seen).toEqual(["0", "10", "11"])
  })

  test("and leaves again before it ends", async () => {
    const { container, left, pend, show, shows } = growing()
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => show(true))
    urgently(() => show(false))
    expect(counts(container)).toBe(1)
    end()
    await finallyShows(container, "left", "1")
    urgently(() => show(true))
    expect(shows("left")).toBe("1")
  })

  test("as the first to show a module at all", async () => {
    const { container, left, pend, right, show, shows } = growing(<RightCount />)
    const end = await pend(() => {
      left.dispatch({ _tag: "add", payload: 1 })
      right.dispatch({ _tag: "add", payload: 1 })
    })
    urgently(() => show(true))
    urgently(() => right.dispatch({ _tag: "add", payload: 10 }))
    end()
    await finallyShows(container, "left", "1")
    expect(shows("right")).toBe("11")
  })

  test("in Suspense, when it is revealed", async () => {
    const gate = makeGate()
    const Late = () => {
      gate.read()
      return <LeftCount />
    }
    const { container, left, pend, shows } = open(
      <LeftCount />,
      <Suspense fallback="waiting">
        <Late />
        <LeftCount />
      </Suspense>
    )
    const seen = watch(container, "left")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    gate.open()
    await expect.poll(() => counts(container)).toBe(3)
    expect(shows("left")).toBe("10")
    end()
    await finallyShows(container, "left", "11")
    expect(seen).toEqual(["0", "10", "11"])
  })

  test("in an Activity, when it becomes visible", react19, async () => {
    let show = () => {}
    const Tabs = () => {
      const [mode, setMode] = useState<"hidden" | "visible">("hidden")
      show = () => setMode("visible")
      return (
        <React.Activity mode={mode}>
          <b>
            <LeftCount />
          </b>
        </React.Activity>
      )
    }
    const { container, left, pend } = open(<LeftCount />, <Tabs />)
    const inside = () => container.querySelector("b")
    await expect.poll(() => inside()?.textContent).toBe("0")
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
    urgently(() => show())
    expect(inside()?.checkVisibility()).toBe(true)
    expect(shown(container, "left")).toBe("10")
    end()
    await finallyShows(container, "left", "11")
  })

  test("in a later slice of a render that commits interrupt", async () => {
    const Slow = () => {
      takeTime(5)
      return <LeftCount />
    }
    const { container, left, show } = growing(Array.from({ length: 30 }, (_, index) => <Slow key={index} />))
    const seen = watch(container, "left")
    startTransition(() => {
      show(true)
      left.dispatch({ _tag: "add", payload: 100 })
    })
    for (let time = 0; time < 5; time++) {
      await new Promise((resume) => requestAnimationFrame(resume))
      left.dispatch({ _tag: "add", payload: 1 })
    }
    await finallyShows(container, "left", "105")
    await expect.poll(() => counts(container)).toBe(31)
    expect(seen.filter((each) => each.includes("and"))).toEqual([])
  })
})

test("a component whose props change its selector while a transition is pending selects from what is shown", async () => {
  let pick: (field: "count" | "name") => void = () => {}
  const Pick = () => {
    const [field, setField] = useState<"count" | "name">("name")
    pick = setField
    return <i title="pick">{useSelector(useModule(Left), (state) => `${field} ${state[field]}`)}</i>
  }
  const { container, left, pend, shows } = open(<Pick />)
  const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
  urgently(() => pick("count"))
  expect(shows("pick")).toBe("count 0")
  urgently(() => left.dispatch({ _tag: "add", payload: 10 }))
  expect(shows("pick")).toBe("count 10")
  end()
  await finallyShows(container, "pick", "count 11")
})

test("keystrokes in local state are shown at once while a transition renders, and it is shown after them", async () => {
  const started = Promise.withResolvers<void>()
  const Slow = () => {
    const count = useSelector(useModule(Left), ({ count }) => count)
    if (count > 0) started.resolve()
    takeTime(10)
    return <i title="left">{count}</i>
  }
  const Field = () => {
    const [text, setText] = useState("")
    return (
      <>
        <button onClick={() => setText((text) => `${text}a`)}>type</button>
        <i title="text">{text}</i>
      </>
    )
  }
  const { click, container, left } = open(
    <Field />,
    Array.from({ length: 40 }, (_, index) => <Slow key={index} />)
  )
  const seen = watch(container, "text", "left")
  startTransition(() => left.dispatch({ _tag: "add", payload: 1 }))
  await started.promise
  for (let stroke = 0; stroke < 2; stroke++) {
    click("type")
    await Promise.resolve()
  }
  await finallyShows(container, "left", "1")
  expect(seen).toEqual([" 0", "a 0", "aa 0", "aa 1"])
})

describe("leaving while a transition is pending", () => {
  test("a component that shows what is pending", async () => {
    let hide = () => {}
    const Hide = () => {
      const [isShown, setShown] = useState(true)
      hide = () => setShown(false)
      return isShown ? <RightCount /> : null
    }
    const { container, left, pend, right, shows } = open(<LeftCount />, <Hide />)
    const end = await pend(() => {
      left.dispatch({ _tag: "add", payload: 1 })
      right.dispatch({ _tag: "add", payload: 1 })
    })
    urgently(() => hide())
    right.dispatch({ _tag: "add", payload: 1 })
    expect(shows("left")).toBe("0")
    end()
    await finallyShows(container, "left", "1")
  })

  test("the whole root: nothing of it is told any more", async () => {
    let renders = 0
    const Count = () => {
      renders++
      return <LeftCount />
    }
    const { left, pend, unmount } = open(<Count />)
    const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    unmount()
    const before = renders
    end()
    left.dispatch({ _tag: "add", payload: 1 })
    await new Promise((resume) => requestAnimationFrame(resume))
    expect(renders).toBe(before)
  })
})

describe("several providers", () => {
  test("nested: each shows its runtime, and the inner one the outer's instances as the outer one does", async () => {
    const outer = makeApp()
    const inner = makeApp()
    const Inner = ({ of }: { readonly of: RefOf<typeof Left> }) => (
      <>
        <i title="left">{useSelector(of, ({ count }) => count)}</i>
        <i title="inner">{useSelector(useModule(Left), ({ count }) => count)}</i>
      </>
    )
    const Outer = () => {
      const left = useModule(Left)
      return (
        <>
          <LeftCount />
          <RuntimeProvider runtime={inner.runtime}>
            <Inner of={left} />
          </RuntimeProvider>
        </>
      )
    }
    const { container, pend } = openIn(outer.runtime, <Outer />)
    const seen = watch(container, "left", "inner")
    const end = await pend(() => {
      outer.left.dispatch({ _tag: "add", payload: 1 })
      inner.left.dispatch({ _tag: "add", payload: 1 })
    })
    urgently(() => outer.left.dispatch({ _tag: "add", payload: 10 }))
    urgently(() => inner.left.dispatch({ _tag: "add", payload: 10 }))
    end()
    await finallyShows(container, "left", "11")
    expect(seen).toEqual(["0 0", "10 0", "10 10", "11 11"])
  })

  test("two roots of one runtime: a transition that is pending in one does not hold up the other", async () => {
    const { left, runtime } = makeApp()
    const first = openIn(runtime, <LeftCount />)
    const second = render(
      <RuntimeProvider runtime={runtime}>
        <LeftCount />
        <LeftCount />
      </RuntimeProvider>
    )
    const end = await first.pend(() => left.dispatch({ _tag: "add", payload: 1 }))
    await finallyShows(second.container, "left", "1")
    expect(shown(first.container, "left")).toBe("0")
    urgently(() => left.dispatch({ _tag: "double" }))
    expect(shown(first.container, "left")).toBe("0")
    expect(shown(second.container, "left")).toBe("2")
    end()
    await finallyShows(first.container, "left", "2")
  })

  for (const where of ["beside", "within"] as const) {
    test(`one that is not concurrent ${where} one that is`, async () => {
      const { left, runtime } = makeApp()
      const { pend, Stage } = makeStage()
      const plain = (
        <RuntimeProvider runtime={runtime} concurrent={false}>
          <i title="plain">
            <LeftName />
          </i>
        </RuntimeProvider>
      )
      const { container } = render(
        <>
          {where === "beside" ? plain : null}
          <RuntimeProvider runtime={runtime} concurrent>
            {where === "within" ? plain : null}
            <b>
              <LeftCount />
            </b>
            <Stage />
          </RuntimeProvider>
        </>
      )
      const end = await pend(() => {
        left.dispatch({ _tag: "add", payload: 1 })
        left.dispatch({ _tag: "rename", payload: "now" })
      })
      expect(shown(container, "plain")).toBe("now")
      expect(shown(container, "left")).toBe("0")
      end()
      await finallyShows(container, "left", "1")
    })
  }
})
