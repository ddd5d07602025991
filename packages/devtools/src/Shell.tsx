/** The button that opens the panel, and the place where the panel then is. */
import {
  Component,
  lazy,
  type ReactNode,
  Suspense,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore
} from "react"
import type { Adapter } from "./adapter.ts"
import type { History } from "./session/history.ts"
import type { PanelModel } from "./model.ts"
import type { Dock } from "./preferences.ts"
import { adoptStyles, buttonStyles } from "./styles.ts"

const Panel = lazy(() => import("./Panel.tsx"))

export interface ShellProps {
  readonly adapter: Adapter
  readonly history: History
  readonly initialOpen: boolean
  readonly initialDock: Dock
  readonly root: ShadowRoot
}

export const Shell = ({ adapter, history, initialDock, initialOpen, root }: ShellProps): ReactNode => {
  const [isOpen, setIsOpen] = useState(initialOpen)
  const isTravelling = useSyncExternalStore(adapter.onChange, adapter.isTravelling)
  const [keep] = useState(makeKeep)
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
  if (!isOpen) {
    return (
      <button
        ref={opener}
        type="button"
        className={isTravelling ? "opener travelling" : "opener"}
        aria-label={`Open Sluice devtools for ${adapter.label}`}
        title="Sluice devtools"
        onClick={toggle}
      >
        <Gate />
        {isTravelling ? "Showing the past" : null}
      </button>
    )
  }
  return (
    <Boundary onClose={toggle}>
      <Suspense fallback={null}>
        <Panel
          adapter={adapter}
          history={history}
          keep={keep}
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
  let model: PanelModel | undefined
  return (make: () => PanelModel) => (model ??= make())
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
