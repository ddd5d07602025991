import type { ReactNode } from "react"
import { duration, timeOfDay } from "../../ui/format.ts"
import type { Axis } from "./axis.ts"

/** Over the list: from when to when the entries in view are. */
export const AxisHead = ({ axis }: { readonly axis: Axis | undefined }): ReactNode => (
  <div className="heads" aria-hidden>
    <span className="time">Time</span>
    <span>Instance</span>
    <span>Entry</span>
    <span className="origin">Origin</span>
    <span className="cause">Cause</span>
    <span className="axis" title={axis && `From ${timeOfDay(axis.from)} to ${timeOfDay(axis.until)}`}>
      {axis === undefined ? "" : `→ ${duration(axis.until - axis.from)}`}
    </span>
    <span className="duration">Took</span>
  </div>
)
