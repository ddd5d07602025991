/** The panel: loaded when it is first opened. */
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react"
import type { Adapter } from "./adapter.ts"
import { Details } from "./Details.tsx"
import { count } from "./format.ts"
import { Gauges } from "./Gauges.tsx"
import type { History } from "./session/history.ts"
import { makePanelModel, type PanelModel } from "./model.ts"
import {
  defaultPreferences,
  type Dock,
  docks,
  type Preferences,
  readPreferences,
  writePreferences
} from "./preferences.ts"
import { Resizer } from "./Resizer.tsx"
import { adoptStyles, panelStyles } from "./styles.ts"
import { TabList } from "./Tabs.tsx"
import { TimelineList } from "./TimelineList.tsx"
import { useMediaQuery } from "./useMediaQuery.ts"
import { usePanel } from "./usePanel.ts"

export interface PanelProps {
  /** Gives the model that outlives the panel while it is closed; made when it is opened first. */
  readonly keep: (make: () => PanelModel) => PanelModel
  readonly adapter: Adapter
  readonly history: History
  readonly initialDock: Dock
  readonly root: ShadowRoot
  /** Whether the keyboard is in the panel when it opens. */
  readonly takeFocus: boolean
  readonly onClose: () => void
}

const views = [
  { id: "timeline", label: "Timeline" },
  { id: "channels", label: "Channels" }
] as const

type View = (typeof views)[number]["id"]

const Panel = ({ adapter, history, initialDock, keep, onClose, root, takeFocus }: PanelProps): ReactNode => {
  const [model] = useState(() => keep(() => makePanelModel(adapter, history)))
  const [view, setView] = useState<View>("timeline")
  const [preferences, setPreferences] = useState(() =>
    readPreferences({ ...defaultPreferences, dock: initialDock })
  )
  const isNarrow = useMediaQuery("(max-width: 640px)")
  const dock = isNarrow ? "bottom" : preferences.dock
  const section = useRef<HTMLElement>(null)

  useLayoutEffect(() => adoptStyles(root, panelStyles), [root])
  useEffect(() => model.start(), [model])
  useEffect(() => {
    if (takeFocus) focusList(section.current)
  }, [takeFocus])

  const change = (changes: Partial<Preferences>) => {
    const next = { ...preferences, ...changes }
    setPreferences(next)
    writePreferences(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || !model.getState().isTravelling) return
    event.preventDefault()
    model.live()
  }
  const isSide = dock !== "bottom"
  return (
    // Escape works wherever the keyboard is in the panel.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      ref={section}
      className={`panel ${dock}`}
      aria-label={`Sluice devtools for ${adapter.label}`}
      style={isSide ? { width: preferences.width } : { height: preferences.height }}
      onKeyDown={onKeyDown}
    >
      <Resizer
        dock={dock}
        size={isSide ? preferences.width : preferences.height}
        onResize={(size) => change(isSide ? { width: size } : { height: size })}
      />
      <header className="bar">
        <strong className="title" title={adapter.label}>
          {adapter.label}
        </strong>
        <TabList label="Views" tabs={views} selected={view} onSelect={setView} />
        <span className="space" />
        {isNarrow ? null : <DockButtons dock={dock} onDock={(dock) => change({ dock })} />}
        <button type="button" className="icon" aria-label="Close devtools" title="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      <TravelBar
        model={model}
        onLive={() => {
          model.live()
          // The button that had the focus is gone.
          focusList(section.current)
        }}
      />
      <div className="view" role="tabpanel" aria-label={view === "timeline" ? "Timeline" : "Channels"}>
        {view === "timeline" ? (
          <>
            <TimelineList model={model} />
            <Details model={model} />
          </>
        ) : (
          <Gauges model={model} />
        )}
      </div>
      <Footer model={model} />
    </section>
  )
}

// React.lazy takes the default export.
export default Panel

const focusList = (panel: HTMLElement | null): void =>
  panel?.querySelector<HTMLElement>("[role=listbox]")?.focus()

const TravelBar = ({ model, onLive }: { readonly model: PanelModel; readonly onLive: () => void }) => {
  const isTravelling = usePanel(model, (state) => state.isTravelling)
  const travelledTo = usePanel(model, (state) => state.travelledTo)
  const failure = usePanel(model, (state) => state.failure)
  return (
    <>
      {isTravelling ? (
        <output className="notice travelling">
          <span>
            Showing the past
            {travelledTo === undefined ? null : (
              <>
                {" "}
                after <code>{travelledTo}</code>
              </>
            )}
            . New entries wait.
          </span>
          <button type="button" className="primary" onClick={onLive} title="Escape">
            Back to live
          </button>
        </output>
      ) : null}
      {failure === undefined ? null : (
        <div className="notice failed" role="alert">
          {failure}
        </div>
      )}
    </>
  )
}

const Footer = ({ model }: { readonly model: PanelModel }) => {
  const history = usePanel(model, (state) => state.history)
  const trace = usePanel(model, (state) => state.trace)
  const level = model.adapter.traceLevel
  return (
    <footer className="bar status">
      <span title="Commits that can be looked at and returned to; those that have left are dropped">
        history <Figure value={history.length} />/{count(history.capacity)} · dropped{" "}
        <Figure value={history.dropped} isLoss />
      </span>
      <span title="Events that the trace has recorded; those overwritten in its ring are dropped">
        trace <Figure value={trace.recorded} /> · dropped <Figure value={trace.dropped} isLoss /> · sampled
        out <Figure value={trace.sampledOut} isLoss />
      </span>
      <span>level {typeof level === "string" ? level : `1 in ${level.sample}`}</span>
    </footer>
  )
}

const Figure = ({ isLoss = false, value }: { readonly value: number; readonly isLoss?: boolean }) => (
  <b className={isLoss && value > 0 ? "lost" : undefined}>{count(value)}</b>
)

const DockButtons = ({ dock, onDock }: { readonly dock: Dock; readonly onDock: (dock: Dock) => void }) => (
  <fieldset className="docks" aria-label="Dock">
    {docks.map((side) => (
      <button
        key={side}
        type="button"
        className="icon"
        aria-pressed={side === dock}
        aria-label={`Dock ${side}`}
        title={`Dock ${side}`}
        onClick={() => onDock(side)}
      >
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <rect x="1.5" y="2.5" width="13" height="11" rx="1.5" fill="none" stroke="currentColor" />
          {side === "left" ? <rect x="2" y="3" width="5" height="10" fill="currentColor" /> : null}
          {side === "bottom" ? <rect x="2" y="8.5" width="12" height="4.5" fill="currentColor" /> : null}
          {side === "right" ? <rect x="9" y="3" width="5" height="10" fill="currentColor" /> : null}
        </svg>
      </button>
    ))}
  </fieldset>
)
