/** The panel: fills the element it is rendered into. */
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef
} from "react"
import { Connection } from "./modules/Connection.ts"
import { Timeline } from "./modules/Timeline.ts"
import { Travel } from "./modules/Travel.ts"
import { Views } from "./modules/Views.ts"
import type { PanelView } from "./PanelView.ts"
import type { PanelSession } from "./session.ts"
import { ShowViewProvider } from "./ShowView.tsx"
import { Footer } from "./ui/Footer.tsx"
import { adoptStyles, panelStyles } from "./ui/styles.ts"
import { TabList } from "./ui/Tabs.tsx"
import { TravelBar } from "./ui/TravelBar.tsx"
import { TravelNotice } from "./ui/TravelNotice.tsx"
import { useLink } from "./useLink.ts"
import { PageProvider } from "./usePage.ts"
import { builtInViews } from "./views/index.ts"

export interface PanelProps {
  readonly session: PanelSession
  /** It adopts the panel's styles. */
  readonly root: ShadowRoot
  /** Default: the built-in ones. */
  readonly views?: ReadonlyArray<PanelView>
  /** Whether the keyboard is in the panel when it opens. */
  readonly takeFocus?: boolean
  /** Of the host: at the end of the panel's first bar. */
  readonly corner?: ReactNode
  /** Stands there until the first page is connected. */
  readonly waiting?: string
}

export const Panel = ({
  corner,
  root,
  session,
  takeFocus = false,
  views = builtInViews,
  waiting = "Connecting to the page…"
}: PanelProps): ReactNode => {
  useLayoutEffect(
    () => adoptStyles(root, [panelStyles, ...views.flatMap(({ styles = [] }) => styles)].join("\n")),
    [root, views]
  )
  return (
    <RuntimeProvider runtime={session.runtime}>
      <PageProvider value={session.page}>
        <Frame views={views} takeFocus={takeFocus} corner={corner} waiting={waiting} />
      </PageProvider>
    </RuntimeProvider>
  )
}

const steps: Readonly<Partial<Record<string, -1 | 1>>> = { ArrowLeft: -1, ArrowRight: 1 }

const Frame = ({
  corner,
  takeFocus,
  views,
  waiting
}: Required<Pick<PanelProps, "takeFocus" | "views" | "waiting">> & { readonly corner: ReactNode }) => {
  const connection = useModule(Connection)
  const travel = useModule(Travel)
  const timeline = useModule(Timeline)
  const isTravelling = useSelector(
    [connection, travel],
    (connection, travel) => connection.travel.travelling || travel.pending > 0
  )
  const choice = useModule(Views)
  const chosen = useSelector(choice, (state) => state.shown)
  const view = views.find(({ id }) => id === chosen) ?? views[0]
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (takeFocus) focusView(frame.current)
  }, [takeFocus])

  const show = useCallback(
    (id: string) => (views.some((view) => view.id === id) ? () => choice.actions.show(id) : undefined),
    [choice, views]
  )

  const showTimeline = useMemo(() => show("timeline"), [show])
  useLink(showTimeline)

  const goLive = () => {
    travel.actions.live()
    timeline.actions.setFollow(true)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return
    const by = event.altKey && !isTyped(event.target) ? steps[event.key] : undefined
    if (by !== undefined) travel.actions.step(by)
    else if (event.key === "Escape" && isTravelling) goLive()
    else return
    event.preventDefault()
  }
  return (
    // Escape works wherever the keyboard is in the panel.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={frame} className="panel" tabIndex={-1} onKeyDown={onKeyDown}>
      <header className="bar">
        <Title />
        <TabList label="Views" tabs={views} selected={view?.id ?? ""} onSelect={choice.actions.show} />
        <span className="space" />
        {corner}
      </header>
      <TravelBar onLive={goLive} />
      <TravelNotice
        onLive={() => {
          goLive()
          // The button that had the focus is gone.
          focusView(frame.current)
        }}
      />
      <div className="view" role="tabpanel" aria-label={view?.label}>
        <Status waiting={waiting} />
        <ShowViewProvider value={show}>
          {view === undefined ? null : <view.Component key={view.id} />}
        </ShowViewProvider>
      </div>
      <Footer />
    </div>
  )
}

/** There Alt and an arrow go from word to word. */
const isTyped = (target: EventTarget): boolean =>
  target instanceof HTMLElement &&
  target.matches("textarea, input:not([type=range], [type=checkbox], [type=radio], [type=file])")

const focusView = (panel: HTMLElement | null): void => {
  const inside = panel?.querySelector<HTMLElement>(".view [role=listbox], .view [tabindex='0']")
  ;(inside ?? panel)?.focus()
}

/** The runtime's name; a choice where the page has several. */
const Title = () => {
  const connection = useModule(Connection)
  const runtimes = useSelector(connection, (state) => state.runtimes)
  const chosen = useSelector(connection, (state) => state.runtime)
  const label = runtimes.find(({ id }) => id === chosen)?.label ?? ""
  if (runtimes.length < 2) {
    return (
      <strong className="title" title={label}>
        {label}
      </strong>
    )
  }
  return (
    <select
      className="title"
      aria-label="Runtime"
      value={chosen ?? ""}
      onChange={(event) => connection.actions.choose(event.currentTarget.value)}
    >
      {runtimes.map(({ id, label }) => (
        <option key={id} value={id}>
          {label}
        </option>
      ))}
    </select>
  )
}

/** Says what is missing while there is nothing to show. */
const Status = ({ waiting }: { readonly waiting: string }) => {
  const connection = useModule(Connection)
  const status = useSelector(connection, (state) => state.status)
  const problem = useSelector(connection, (state) => state.problem)
  const isEmpty = useSelector(connection, (state) => state.runtime === null)
  if (status === "connected" && !isEmpty) return null
  const text = {
    connecting: waiting,
    connected: "The page serves no runtime.",
    lost: "The page has gone. It is waited for.",
    failed: problem ?? "The page cannot be reached."
  }[status]
  return (
    <p className={`notice ${status}`} role={status === "failed" ? "alert" : "status"}>
      {text}
    </p>
  )
}
