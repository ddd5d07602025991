/** Any value as a tree. A node looks into its value when it is opened, and shows at most 100 parts at once. */
import { createContext, type KeyboardEvent, memo, type ReactNode, useContext, useMemo, useState } from "react"
import { count } from "./format.ts"
import { inspect, type Inspected, lineOf } from "./inspect.ts"

export interface StateTreeProps {
  readonly label: string
  readonly value: unknown
  /** Whether the first level is open at first. Default true. */
  readonly isOpen?: boolean
}

/** What all nodes of one tree share. A node is known by its path of labels. */
interface Tree {
  readonly opened: ReadonlySet<string>
  /** The node that takes the focus. */
  readonly active: string
  readonly toggle: (path: string) => void
  readonly activate: (path: string) => void
}

const TreeContext = createContext<Tree | undefined>(undefined)

const root = "$"

export const StateTree = memo(({ isOpen = true, label, value }: StateTreeProps): ReactNode => {
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set(isOpen ? [root] : []))
  const [active, activate] = useState(root)
  const tree = useMemo<Tree>(
    () => ({
      opened,
      active,
      activate,
      toggle: (path) => {
        const next = new Set(opened)
        if (!next.delete(path)) next.add(path)
        setOpened(next)
      }
    }),
    [opened, active]
  )
  return (
    // The keys come from the nodes, one of which has the focus.
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus
    <div className="tree" role="tree" aria-label={label} onKeyDown={onTreeKey}>
      <TreeContext.Provider value={tree}>
        <Node label={label} value={value} path={root} level={1} above={none} />
      </TreeContext.Provider>
    </div>
  )
})
StateTree.displayName = "StateTree"

const none: ReadonlyArray<unknown> = []

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

interface NodeProps {
  readonly label: string
  readonly value: unknown
  readonly path: string
  readonly level: number
  /** The values this one is inside of: met again, they close a cycle. */
  readonly above: ReadonlyArray<unknown>
}

const Node = ({ above, label, level, path, value }: NodeProps) => {
  if (above.includes(value)) {
    return <Item label={label} text="↺ contains itself" kind="nothing" path={path} level={level} />
  }
  const inspected = tryInspect(value)
  const page = { from: 0, to: inspected.size }
  return (
    <Openable label={label} inspected={inspected} path={path} level={level}>
      {() => (
        <Parts inspected={inspected} page={page} path={path} level={level + 1} above={[...above, value]} />
      )}
    </Openable>
  )
}

const tryInspect = (value: unknown): Inspected => {
  try {
    return inspect(value)
  } catch {
    return { kind: "other", text: lineOf(value), size: 0, parts: () => [] }
  }
}

const pageSize = 100

interface PartsProps {
  readonly inspected: Inspected
  readonly page: { readonly from: number; readonly to: number }
  readonly path: string
  readonly level: number
  readonly above: ReadonlyArray<unknown>
}

/** The parts of a page, or, when they are too many, smaller pages. */
const Parts = ({ above, inspected, level, page, path }: PartsProps): ReactNode => {
  const length = page.to - page.from
  if (length <= pageSize) {
    return inspected.parts(page.from, page.to).map((part, index) => {
      const partPath = `${path}/${page.from + index}:${part.label}`
      return (
        <Node
          key={partPath}
          label={part.label}
          value={part.value}
          path={partPath}
          level={level}
          above={above}
        />
      )
    })
  }
  let step = pageSize
  while (length / step > pageSize) step *= pageSize
  const starts = Array.from({ length: Math.ceil(length / step) }, (_, index) => page.from + index * step)
  return starts.map((from) => {
    const to = Math.min(from + step, page.to)
    const pagePath = `${path}/${from}…${to}`
    return (
      <Openable
        key={pagePath}
        label={`[${count(from)} … ${count(to - 1)}]`}
        inspected={{ kind: "object", text: "", size: to - from }}
        path={pagePath}
        level={level}
      >
        {() => (
          <Parts inspected={inspected} page={{ from, to }} path={pagePath} level={level + 1} above={above} />
        )}
      </Openable>
    )
  })
}

interface OpenableProps {
  readonly label: string
  readonly inspected: Pick<Inspected, "kind" | "text" | "size">
  readonly path: string
  readonly level: number
  /** Called only while it is open. */
  readonly children: () => ReactNode
}

const useTree = (): Tree => {
  const tree = useContext(TreeContext)
  if (tree === undefined) throw new Error("A node outside of a StateTree")
  return tree
}

const Openable = ({ children, inspected, label, level, path }: OpenableProps) => {
  const { opened, toggle } = useTree()
  const isOpen = inspected.size > 0 && opened.has(path)
  return (
    <>
      <Item
        label={label}
        text={inspected.text}
        kind={inspected.kind}
        path={path}
        level={level}
        {...(inspected.size > 0 ? { isOpen, onToggle: () => toggle(path) } : {})}
      />
      {isOpen ? children() : null}
    </>
  )
}

interface ItemProps {
  readonly label: string
  readonly text: string
  readonly kind: Inspected["kind"]
  readonly path: string
  readonly level: number
  readonly isOpen?: boolean
  readonly onToggle?: () => void
}

const Item = ({ isOpen, kind, label, level, onToggle, path, text }: ItemProps) => {
  const { activate, active } = useTree()
  return (
    // The tree has the keys.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      className="node"
      role="treeitem"
      aria-level={level}
      aria-expanded={isOpen}
      aria-selected={false}
      tabIndex={path === active ? 0 : -1}
      style={{ paddingInlineStart: (level - 1) * 14 }}
      onFocus={() => activate(path)}
      onClick={onToggle}
    >
      <span className="twist" aria-hidden="true">
        {isOpen === undefined ? "" : isOpen ? "▾" : "▸"}
      </span>
      <span className="label">{label}</span>
      <span className={`value ${kind}`}>{text}</span>
    </div>
  )
}
