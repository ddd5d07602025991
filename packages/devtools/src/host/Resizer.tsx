import type { KeyboardEvent, PointerEvent, ReactNode } from "react"
import type { Dock } from "./preferences.ts"

const smallest = { side: 300, bottom: 180 }

export interface ResizerProps {
  readonly dock: Dock
  readonly size: number
  readonly onResize: (size: number) => void
}

/** The panel's inner edge: dragged, or moved by the arrow keys (with Shift, further). */
export const Resizer = ({ dock, onResize, size }: ResizerProps): ReactNode => {
  const isSide = dock !== "bottom"
  const least = isSide ? smallest.side : smallest.bottom
  const most = Math.max(least, Math.round((isSide ? innerWidth : innerHeight) * 0.9))
  const resize = (wanted: number) => onResize(Math.round(Math.min(most, Math.max(least, wanted))))

  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return
    event.preventDefault()
    const handle = event.currentTarget
    handle.setPointerCapture(event.pointerId)
    const move = ({ clientX, clientY }: { readonly clientX: number; readonly clientY: number }) =>
      resize({ left: clientX, right: innerWidth - clientX, bottom: innerHeight - clientY }[dock])
    const onMove = (event: Event) => {
      if (event instanceof globalThis.PointerEvent) move(event)
    }
    handle.addEventListener("pointermove", onMove)
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", onMove), {
      once: true
    })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 80 : 16
    const towards = {
      left: ["ArrowRight", "ArrowLeft"],
      right: ["ArrowLeft", "ArrowRight"],
      bottom: ["ArrowUp", "ArrowDown"]
    }
    const [larger, smaller] = towards[dock]
    const wanted = { [larger ?? ""]: size + step, [smaller ?? ""]: size - step, Home: least, End: most }[
      event.key
    ]
    if (wanted === undefined) return
    event.preventDefault()
    resize(wanted)
  }
  return (
    // A separator that can be moved takes the focus; an hr cannot.
    <div
      className="resizer"
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="separator"
      aria-label="Resize devtools"
      aria-orientation={isSide ? "vertical" : "horizontal"}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  )
}
