/**
 * The app of "Will this React global state work in concurrent rendering?" by Daishi Kato
 * (https://github.com/dai-shi/will-this-react-global-state-work-in-concurrent-rendering), written anew: one
 * count, shown by 50 components that each block for 20 ms and by the main one.
 */
import { Fragment, memo, useDeferredValue, useEffect, useRef, useState, useTransition } from "react"
import type { ComponentType, FC, ReactNode } from "react"
import { createRoot } from "react-dom/client"

export interface State {
  readonly count: number
}

export type Action = { readonly type: "increment" } | { readonly type: "double" }

export const initialState: State = { count: 0 }
export const increment: Action = { type: "increment" }
export const double: Action = { type: "double" }

export const reducer = (state: State, action: Action): State => ({
  ...state,
  count: action.type === "increment" ? state.count + 1 : state.count * 2
})

/** How a library keeps the count. */
export interface Contender {
  readonly useCount: () => number
  readonly useIncrement: () => () => void
  readonly useDouble: () => () => void
  readonly Root?: ComponentType<{ readonly children: ReactNode }>
  /** Where a library wraps the components that read: these, instead of `memo`, and the main one. */
  readonly observer?: (component: FC) => FC
}

declare global {
  /** What the page tells the test beside its DOM. */
  var tearing: {
    /** How often the count was incremented by the interval. Written by its callback. */
    ticks: number
    /** How often the main component found, after a commit, two counts that differ. Written by its effect. */
    torn: number
    /** What all components showed, each time that they came to show one count. Written by `watchCounts`. */
    shown: Array<string>
    /** For how many components each click waited, to be handled and to end. Written by `countWaits`. */
    waits: Array<number>
    /**
     * Whether a transition was pending when the count was doubled, and for less than the 5 s after which React renders it
     * with what is urgent. Written by the button.
     */
    doubledInTime: boolean
  }
}

const ids = Array.from({ length: 50 }, (_, id) => id)

/** When each component that rendered ended. Written by `block`. */
const blocks: Array<number> = []

const block = () => {
  const start = performance.now()
  while (performance.now() - start < 20);
  blocks.push(performance.now())
}

/**
 * Counts the components that rendered from the moment that the browser had a click to the end of the task that
 * handled it. A count of components, and not of milliseconds, is the same on a busy machine.
 */
const countWaits = () => {
  const since = ({ timeStamp }: Event) => blocks.filter((end) => end > timeStamp).length
  let down = 0
  window.addEventListener("mousedown", (event) => (down = since(event)), true)
  window.addEventListener(
    "mouseup",
    (event) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        globalThis.tearing.waits.push(down + since(event))
        port1.close()
      }
      port2.postMessage(undefined)
    },
    true
  )
}

const counts = () => Array.from(document.querySelectorAll(".count"), ({ textContent }) => textContent)

const watchCounts = (root: Element) => {
  const look = () => {
    const { shown } = globalThis.tearing
    const [first = "", ...others] = counts()
    const isOne = others.length === ids.length && others.every((count) => count === first)
    if (isOne && first !== null && first !== shown.at(-1)) shown.push(first)
  }
  new MutationObserver(look).observe(root, { subtree: true, childList: true, characterData: true })
}

/** After each commit of the main component: do all show one count? Only when they are all there. */
const useCheckTearing = () => {
  useEffect(() => {
    const all = counts()
    if (all.length === ids.length + 1 && new Set(all).size > 1) globalThis.tearing.torn++
  })
}

export const start = ({ Root = Fragment, observer, useCount, useDouble, useIncrement }: Contender): void => {
  globalThis.tearing = { ticks: 0, torn: 0, shown: [], waits: [], doubledInTime: false }
  countWaits()
  const wrap = observer ?? memo

  const Counter = wrap(() => {
    const count = useCount()
    block()
    return <div className="count">{count}</div>
  })

  const DeferredCounter = wrap(() => {
    const count = useDeferredValue(useCount())
    block()
    return <div className="count">{count}</div>
  })

  const Plain: FC = () => {
    const [isPending, startTransition] = useTransition()
    const [mode, setMode] = useState<"counter" | "deferred">()
    const count = useCount()
    const deferredCount = useDeferredValue(count)
    useCheckTearing()
    const increment = useIncrement()
    const double = useDouble()
    const pendingSince = useRef(0)
    const incrementLater = () => {
      if (!isPending) pendingSince.current = performance.now()
      startTransition(() => increment())
    }
    const doubleNow = () => {
      globalThis.tearing.doubledInTime = isPending && performance.now() - pendingSince.current < 4_000
      double()
    }
    const timer = useRef<ReturnType<typeof setInterval>>(undefined)
    const stop = () => clearInterval(timer.current)
    const tick = () => {
      globalThis.tearing.ticks++
      increment()
    }
    const go = () => {
      stop()
      timer.current = setInterval(tick, 50)
    }
    return (
      <div>
        <button id="transitionShowCounter" onClick={() => startTransition(() => setMode("counter"))}>
          Show counters in a transition
        </button>
        <button id="transitionShowDeferred" onClick={() => startTransition(() => setMode("deferred"))}>
          Show deferred counters in a transition
        </button>
        <button id="normalIncrement" onClick={() => increment()}>
          Increment
        </button>
        <button id="normalDouble" onClick={doubleNow}>
          Double
        </button>
        <button id="transitionIncrement" onClick={incrementLater}>
          Increment in a transition
        </button>
        <button id="startAutoIncrement" onClick={go}>
          Increment every 50 ms
        </button>
        <button id="stopAutoIncrement" onClick={stop}>
          Stop
        </button>
        <span id="pending">{isPending && "Pending..."}</span>
        <h1>Counters</h1>
        {mode === "counter" && ids.map((id) => <Counter key={id} />)}
        {mode === "deferred" && ids.map((id) => <DeferredCounter key={id} />)}
        <h1>Main</h1>
        <div id="mainCount" className="count">
          {mode === "deferred" ? deferredCount : count}
        </div>
      </div>
    )
  }
  const Main = observer === undefined ? Plain : observer(Plain)

  const container = document.getElementById("app")!
  watchCounts(container)
  createRoot(container).render(
    <Root>
      <Main />
    </Root>
  )
}
