/** Any value as a tree that is walked, opened and closed by pointer or keyboard. */
import { type KeyboardEvent, memo, type ReactNode, useCallback, useState } from "react"
import { rootPath, type TreeLine, treeLines } from "./treeLines.ts"

export interface StateTreeProps {
  readonly label: string
  /** A function, so that the value is not among the props: see `usePanel`. */
  readonly read: () => unknown
  /** Whether the first level is open at first. Default true. */
  readonly isOpen?: boolean
}

export const StateTree = ({ isOpen = true, label, read }: StateTreeProps): ReactNode => {
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set(isOpen ? [rootPath] : []))
  /** The line that takes the focus. */
  const [active, setActive] = useState(rootPath)
  const toggle = useCallback(
    (path: string) =>
      setOpened((opened) => {
        const next = new Set(opened)
        if (!next.delete(path)) next.add(path)
        return next
      }),
    []
  )
  const lines = treeLines(label, read(), opened)
  const focusable = lines.some((line) => line.path === active) ? active : rootPath
  return (
    // The keys come from the lines, one of which has the focus.
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus
    <div className="tree" role="tree" aria-label={label} onKeyDown={onTreeKey}>
      {lines.map((line) => (
        <Line
          key={line.path}
          {...line}
          isFocusable={line.path === focusable}
          onToggle={toggle}
          onActive={setActive}
        />
      ))}
    </div>
  )
}

/** The arrow keys walk the nodes that are shown, and open and close them. */
const onTreeKey = (event: KeyboardEvent<HTMLElement>) => {
  const { target } = event
  if (!(target instanceof HTMLElement) || target.role !== "treeitem") return
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=treeitem]")]
  const at = items.indexOf(target)
  const expanded = target.ariaExpanded
  const parent = () =>
    items.slice(0, at).findLast((item) => Number(item.ariaLevel) < Number(target.ariaLevel))
  const move = (item: HTMLElement | undefined) => item?.focus()
  switch (event.key) {
    case "ArrowDown":
      move(items[at + 1])
      break
    case "ArrowUp":
      move(items[at - 1])
      break
    case "Home":
      move(items[0])
      break
    case "End":
      move(items.at(-1))
      break
    case "ArrowRight":
      if (expanded === "false") target.click()
      else if (expanded === "true") move(items[at + 1])
      break
    case "ArrowLeft":
      if (expanded === "true") target.click()
      else move(parent())
      break
    case "Enter":
    case " ":
      target.click()
      break
    default:
      return
  }
  event.preventDefault()
}

interface LineProps extends TreeLine {
  readonly isFocusable: boolean
  readonly onToggle: (path: string) => void
  readonly onActive: (path: string) => void
}

const Line = memo(
  ({ isFocusable, isOpen, kind, label, level, onActive, onToggle, path, text }: LineProps) => (
    // The tree has the keys.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      className="node"
      role="treeitem"
      aria-level={level}
      aria-expanded={isOpen}
      aria-selected={false}
      tabIndex={isFocusable ? 0 : -1}
      style={{ paddingInlineStart: (level - 1) * 14 }}
      onFocus={() => onActive(path)}
      onClick={isOpen === undefined ? undefined : () => onToggle(path)}
    >
      <span className="twist" aria-hidden="true">
        {isOpen === undefined ? "" : isOpen ? "▾" : "▸"}
      </span>
      <span className="label">{label}</span>
      <span className={`value ${kind}`}>{text}</span>
    </div>
  )
)
Line.displayName = "Line"
