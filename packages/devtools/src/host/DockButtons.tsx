import type { ReactNode } from "react"
import { type Dock, docks } from "./preferences.ts"

export interface DockButtonsProps {
  readonly dock: Dock
  readonly onDock: (dock: Dock) => void
}

export const DockButtons = ({ dock, onDock }: DockButtonsProps): ReactNode => (
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
