import type { ReactNode } from "react"
import { count } from "./format.ts"

export interface MeterProps {
  readonly label: string
  readonly value: number
  readonly max: number
  /** Whether being full is nothing to worry about. */
  readonly isCalm?: boolean
}

export const Meter = ({ isCalm = false, label, max, value }: MeterProps): ReactNode => {
  const share = max > 0 ? Math.min(1, value / max) : 0
  const level = isCalm || share < 0.75 ? "low" : share < 1 ? "high" : "full"
  return (
    // A meter element cannot be styled alike in all browsers.
    <div
      className={`meter ${level}`}
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(max, value)}
      aria-valuenow={value}
      aria-valuetext={`${value} of ${max}`}
    >
      <span className="track">
        <span className="fill" style={{ width: `${share * 100}%` }} />
      </span>
      <span className="reading">
        {count(value)}/{count(max)}
      </span>
    </div>
  )
}
