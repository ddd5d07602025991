/** The button that opens the panel, and the place where the panel then is. */
import {
  Component,
  lazy,
  type ReactNode,
  Suspense,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore
} from "react"
import type { Connections } from "../panel/Page.ts"
import type { PanelView } from "../panel/PanelView.ts"
import type { PanelSession } from "../panel/session.ts"
import { adoptStyles, buttonStyles } from "../panel/ui/styles.ts"
import type { Dock } from "./preferences.ts"

const DockedPanel = lazy(() => import("./DockedPanel.tsx"))

/** What the button shows of the page. */
export interface Travels {
  /** `past` where any instance is at another moment. */
  readonly standing: () => "live" | "locked" | "past"
  /** Returns the function that ends it. */
  readonly subscribe: (listener: () => void) => () => void
}

export interface ShellProps {
  /** Of the runtimes that are served. */
  readonly label: string
  readonly travels: Travels
  readonly connections: Connections
  readonly views: ReadonlyArray<PanelView> | undefined
  readonly initialOpen: boolean
  readonly initialDock: Dock
  readonly root: ShadowRoot
}

export const Shell = ({
  connections,
  initialDock,
  initialOpen,
  label,
  root,
  travels,
  views
}: ShellProps): ReactNode => {
  const [isOpen, setIsOpen] = useState(
    // Of a link to a transaction, or with a session, as the panel makes them.
    () => initialOpen || /^#sluice(-session)?=/.test(location.hash)
  )
  const standing = useSyncExternalStore(travels.subscribe, travels.standing)
  const isHeld = standing !== "live"
  const [kept] = useState(makeKeep)
  /** Whether the user has opened or closed it: then the keyboard goes along. */
  const [hasToggled, setHasToggled] = useState(false)
  const opener = useRef<HTMLButtonElement>(null)
  const toggle = () => {
    setHasToggled(true)
    setIsOpen(!isOpen)
  }
  useLayoutEffect(() => {
    if (hasToggled && !isOpen) opener.current?.focus()
  }, [hasToggled, isOpen])
  useLayoutEffect(() => adoptStyles(root, buttonStyles), [root])
  // Without a panel the page would go back to live: who closes it to see the past better still sees the past.
  useEffect(() => {
    if (!isOpen && !isHeld) kept.letGo()
  }, [isOpen, isHeld, kept])
  useEffect(() => kept.letGo, [kept])
  if (!isOpen) {
    return (
      <button
        ref={opener}
        type="button"
        className={isHeld ? "opener travelling" : "opener"}
        aria-label={`Open Sluice devtools for ${label}`}
        title="Sluice devtools"
        onClick={toggle}
      >
        <Gate />
        {{ past: "Showing the past", locked: "Locked", live: null }[standing]}
      </button>
    )
  }
  return (
    <Boundary onClose={toggle}>
      <Suspense fallback={null}>
        <DockedPanel
          label={label}
          connections={connections}
          keep={kept.keep}
          views={views}
          initialDock={initialDock}
          root={root}
          takeFocus={hasToggled}
          onClose={toggle}
        />
      </Suspense>
    </Boundary>
  )
}

const makeKeep = () => {
  let session: PanelSession | undefined
  return {
    keep: (make: () => PanelSession) => (session ??= make()),
    letGo: () => {
      void session?.dispose()
      session = undefined
    }
  }
}

/** A sluice: a gate between two levels. */
const Gate = () => (
  <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
    <path
      d="M2 6h6M12 14h6M2 10h6M12 17h6"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
    />
    <path d="M10 2v16" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
  </svg>
)

interface BoundaryProps {
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A panel that fails, or cannot be loaded, says so in its place. */
class Boundary extends Component<BoundaryProps, { readonly failure: string | undefined }> {
  override state = { failure: undefined }

  static getDerivedStateFromError(error: unknown) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }

  override render() {
    if (this.state.failure === undefined) return this.props.children
    return (
      <div className="failure" role="alert">
        <span>Sluice devtools stopped: {this.state.failure}</span>
        <button type="button" onClick={this.props.onClose}>
          Close
        </button>
      </div>
    )
  }
}
