/** A value as a tree: what is open is asked of the page, a hundred parts at a time. */
import { createContext, type KeyboardEvent, type ReactNode, useContext, useMemo, useState } from "react"
import type { Root, Value } from "../../protocol/index.ts"
import { useAnswer } from "../useAnswer.ts"
import { count } from "./format.ts"
import { mayChange } from "./mayChange.ts"
import { pathKey, pathText, type Steps } from "./path.ts"
import { treeKeys } from "./treeKeys.ts"
import { ValueText } from "./ValueText.tsx"
import { Failure } from "./Failure.tsx"

/** A part of what a tree shows. */
export interface TreePlace {
  /** From the tree's root, with the path that the tree was given. */
  readonly path: Steps
  readonly label: string
  readonly value: Value
}

export interface TreeProps {
  /** Of the value; also the name of the tree. */
  readonly label: string
  readonly root: Root
  /** Where in the root it begins. Default: at the root. */
  readonly path?: Steps
  /** What is there, where that is known: then it is closed at first, and nothing is asked until it is opened. */
  readonly value?: Value
  /** Told of the part that was clicked, or that Enter was pressed on. */
  readonly onSelect?: (place: TreePlace) => void
  /** The part that is marked, by `pathKey`. */
  readonly selected?: string | undefined
  /** The parts that are open, by `pathKey`; without it the tree keeps them itself, at first its root. */
  readonly opened?: ReadonlyArray<string>
  readonly onOpened?: (opened: ReadonlyArray<string>) => void
}

const pageSize = 100
const here: Steps = []

interface TreeState {
  readonly root: Root
  readonly onSelect: TreeProps["onSelect"] | undefined
  readonly selected: string | undefined
  readonly isOpen: (key: string) => boolean
  readonly toggle: (key: string) => void
  /** The one that the Tab key comes to. */
  readonly active: string
  readonly activate: (key: string) => void
}

const TreeContext = createContext<TreeState | undefined>(undefined)

const useTree = (): TreeState => {
  const state = useContext(TreeContext)
  if (state === undefined) throw new Error("A node is rendered outside of a tree.")
  return state
}

export const Tree = (props: TreeProps): ReactNode =>
  props.value === undefined ? <Asked {...props} /> : <Frame {...props} value={props.value} />

const Asked = (props: TreeProps): ReactNode => {
  const { path = here, root } = props
  const { failure, value } = useAnswer(
    "Inspect",
    { root, path: [...path], from: 0, to: pageSize },
    { changes: mayChange(root), keep: true }
  )
  return (
    <>
      <Failure text={failure} />
      {value === undefined ? (
        failure === undefined && <p className="hint">…</p>
      ) : (
        <Frame isOpen {...props} value={value.value} />
      )}
    </>
  )
}

const Frame = ({
  isOpen = false,
  label,
  onOpened,
  onSelect,
  opened,
  path = here,
  root,
  selected,
  value
}: TreeProps & { readonly value: Value; readonly isOpen?: boolean }): ReactNode => {
  const first = pathKey(path)
  const [own, setOwn] = useState<ReadonlyArray<string>>(isOpen ? [first] : [])
  const [active, activate] = useState(first)
  const open = opened ?? own
  const state = useMemo(
    (): TreeState => ({
      root,
      onSelect,
      selected,
      active,
      activate,
      isOpen: (key) => open.includes(key),
      toggle: (key) => {
        const next = open.includes(key) ? open.filter((other) => other !== key) : [...open, key]
        ;(onOpened ?? setOwn)(next)
      }
    }),
    [root, onSelect, selected, active, open, onOpened]
  )
  return (
    <TreeContext.Provider value={state}>
      {/* The keys come from its items. */}
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus */}
      <div className="tree" role="tree" aria-label={label} onKeyDown={onKeyDown}>
        <Node place={{ path, label, value }} level={1} />
      </div>
    </TreeContext.Provider>
  )
}

const toggleItem = (item: Element): void => item.querySelector<HTMLElement>(".twist")?.click()

const onKeyDown = (event: KeyboardEvent): void => treeKeys(event, toggleItem)

const indent = (level: number) => ({ paddingInlineStart: (level - 1) * 14 })

const Node = ({ level, place }: { readonly place: TreePlace; readonly level: number }): ReactNode => {
  const tree = useTree()
  const key = pathKey(place.path)
  const hasParts = place.value.size > 0
  const isOpen = hasParts && tree.isOpen(key)
  return (
    <>
      {/* Its keys are those of the tree. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events */}
      <div
        className="node"
        role="treeitem"
        aria-level={level}
        aria-selected={tree.selected === key}
        {...(hasParts ? { "aria-expanded": isOpen } : {})}
        tabIndex={tree.active === key ? 0 : -1}
        style={indent(level)}
        title={pathText(place.path)}
        onFocus={() => tree.activate(key)}
        onClick={() => {
          tree.onSelect?.(place)
          if (hasParts && (tree.onSelect === undefined || !isOpen)) tree.toggle(key)
        }}
      >
        <span
          className="twist"
          aria-hidden
          onClick={(event) => {
            event.stopPropagation()
            if (hasParts) tree.toggle(key)
          }}
        >
          {hasParts ? (isOpen ? "▾" : "▸") : ""}
        </span>
        <span className="label">{place.label}</span> <ValueText value={place.value} />
      </div>
      {isOpen ? (
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a list is no part of a tree
        <div role="group">
          <Parts path={place.path} level={level + 1} size={place.value.size} />
        </div>
      ) : null}
    </>
  )
}

const Parts = ({
  level,
  path,
  size
}: {
  readonly path: Steps
  readonly level: number
  readonly size: number
}): ReactNode => {
  const [pages, setPages] = useState(1)
  const shown = Math.min(size, pages * pageSize)
  return (
    <>
      {Array.from({ length: Math.ceil(shown / pageSize) }, (_, page) => (
        <PartsPage key={page} path={path} level={level} from={page * pageSize} />
      ))}
      {shown < size ? (
        // Its keys are those of the tree.
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          className="node more"
          role="treeitem"
          aria-level={level}
          aria-selected={false}
          tabIndex={-1}
          style={indent(level)}
          onClick={() => setPages(pages + 1)}
        >
          <span className="twist" aria-hidden />
          {count(Math.min(pageSize, size - shown))} more · {count(shown)} of {count(size)} shown
        </div>
      ) : null}
    </>
  )
}

const PartsPage = ({
  from,
  level,
  path
}: {
  readonly path: Steps
  readonly level: number
  readonly from: number
}): ReactNode => {
  const { root } = useTree()
  const { failure, value } = useAnswer(
    "Inspect",
    { root, path: [...path], from, to: from + pageSize },
    { changes: mayChange(root), keep: true }
  )
  if (value === undefined) {
    return (
      <p className={failure === undefined ? "hint" : "error"} style={indent(level)}>
        {failure ?? "…"}
      </p>
    )
  }
  return value.parts.map((part) => {
    const place = { path: [...path, part.step], label: part.label, value: part.value }
    return <Node key={pathKey(place.path)} place={place} level={level} />
  })
}
