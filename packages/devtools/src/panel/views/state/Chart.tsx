/** A state as a picture: nodes and links, of which each opens, at the size that is chosen. */
import { useModule, useSelector } from "@sluice/react"
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState
} from "react"
import { count } from "../../ui/format.ts"
import { pathText } from "../../ui/path.ts"
import type { TreeProps } from "../../ui/Tree.tsx"
import { treeKeys } from "../../ui/treeKeys.ts"
import { usePage } from "../../usePage.ts"
import { ChartLive } from "./ChartParts.ts"
import { type ChartLink, type ChartNode, layoutOf } from "./layout.ts"

type ChartProps = Required<Pick<TreeProps, "label" | "onOpened" | "onSelect" | "opened" | "root">> &
  Pick<TreeProps, "selected">

const maxText = 30
const clip = (text: string, max: number): string =>
  text.length > max ? `${text.slice(0, Math.max(1, max - 1))}…` : text

const zoomed = { least: 0.4, most: 3, step: 1.25 }

export const Chart = ({ label, onOpened, onSelect, opened, root, selected }: ChartProps): ReactNode => {
  const { layer } = usePage()
  const chart = useModule(ChartLive, { layer })
  const told = useSelector(chart, (state) => state.told)
  const failure = useSelector(chart, (state) => state.failure)
  const asked = JSON.stringify([root, opened])
  useEffect(
    () => chart.actions.show({ root, opened }),
    // By what they say: the root is made anew by each render.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [chart, asked]
  )
  const layout = useMemo(() => layoutOf(told, opened, label), [told, opened, label])
  const [zoom, setZoom] = useState(1)
  const [active, setActive] = useState("[]")
  const scroller = useRef<HTMLDivElement>(null)
  // What opens moves the others: the node that the keyboard or the pointer was at stays where it is seen.
  const seenAt = useRef<{ readonly key: string; readonly y: number }>(undefined)
  useLayoutEffect(() => {
    const node = layout.nodes.find(({ key }) => key === active)
    const last = seenAt.current
    if (node !== undefined && last?.key === node.key && scroller.current !== null)
      scroller.current.scrollTop += (node.y - last.y) * zoom
    seenAt.current = node
  }, [layout, active, zoom])
  const scale = (to: number) => setZoom(Math.min(zoomed.most, Math.max(zoomed.least, to)))
  const fit = () => {
    const element = scroller.current
    if (element !== null) scale(Math.min(element.clientWidth / layout.width, 1))
  }
  const toggle = (key: string) =>
    onOpened(opened.includes(key) ? opened.filter((other) => other !== key) : [...opened, key])
  const onKeyDown = (event: KeyboardEvent) =>
    treeKeys(event, (item) => {
      const key = item.getAttribute("data-key")
      if (key !== null) toggle(key)
    })
  const isActive = layout.nodes.some(({ key }) => key === active) ? active : "[]"
  return (
    <div className="chart">
      <div className="bar tools">
        <button
          type="button"
          className="icon"
          aria-label="Zoom out"
          onClick={() => scale(zoom / zoomed.step)}
        >
          −
        </button>
        <output aria-label="Zoom">{Math.round(zoom * 100)} %</output>
        <button type="button" className="icon" aria-label="Zoom in" onClick={() => scale(zoom * zoomed.step)}>
          +
        </button>
        <button type="button" className="toggle" onClick={fit}>
          Fit
        </button>
        {failure === null ? null : (
          <span className="error" role="alert">
            {failure}
          </span>
        )}
      </div>
      <div
        ref={scroller}
        className="canvas"
        onWheel={(event) => {
          if (event.ctrlKey) scale(zoom * (event.deltaY < 0 ? zoomed.step : 1 / zoomed.step))
        }}
      >
        {/* The keys come from its items. */}
        {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus */}
        <svg
          role="tree"
          aria-label={label}
          width={layout.width * zoom}
          height={layout.height * zoom}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          onKeyDown={onKeyDown}
        >
          {layout.links.map((link) => (
            <path key={link.key} className="link" d={curve(link)} />
          ))}
          {layout.rests.map(({ count: left, key, x, y }) => (
            <text key={key} className="rest" x={x + 10} y={y + 4}>
              {count(left)} more
            </text>
          ))}
          {layout.nodes.map((node) => (
            <Node
              key={node.key}
              node={node}
              isActive={node.key === isActive}
              isSelected={node.key === selected}
              onFocus={() => setActive(node.key)}
              onClick={() => {
                onSelect({ path: node.path, label: node.label, value: node.value })
                if (node.value.size > 0) toggle(node.key)
              }}
            />
          ))}
        </svg>
      </div>
    </div>
  )
}

/** Of the labels' type. */
const characterWidth = 6.7

const curve = ({ from, to }: ChartLink): string => {
  const start = Math.min(from.x + 14 + from.text * characterWidth, to.x - 20)
  const middle = to.x - 24
  return `M ${start} ${from.y} C ${middle} ${from.y}, ${middle} ${to.y}, ${to.x - 6} ${to.y}`
}

const Node = ({
  isActive,
  isSelected,
  node: { isOpen, key, label, level, path, value, x, y },
  onClick,
  onFocus
}: {
  readonly node: ChartNode
  readonly isActive: boolean
  readonly isSelected: boolean
  readonly onClick: () => void
  readonly onFocus: () => void
}): ReactNode => {
  const name = clip(label, maxText)
  // An open node says by its parts what it is, and its links need the room.
  const text = isOpen ? "" : clip(value.text, maxText - name.length - 2)
  return (
    <g
      role="treeitem"
      aria-label={`${label}: ${value.text}`}
      aria-level={level}
      aria-selected={isSelected}
      {...(value.size > 0 ? { "aria-expanded": isOpen } : {})}
      data-key={key}
      tabIndex={isActive ? 0 : -1}
      className={`dot ${value.kind}${isSelected ? " marked" : ""}`}
      transform={`translate(${x} ${y})`}
      onClick={onClick}
      onFocus={onFocus}
    >
      <title>{`${pathText(path)}: ${value.text}`}</title>
      <rect x={-8} y={-11} width={202} height={22} rx={4} />
      <circle r={5} />
      <text x={10} y={4}>
        <tspan className="name">{name}</tspan>
        {text === "" ? null : <tspan className={`value ${value.kind}`}>{` ${text}`}</tspan>}
      </text>
    </g>
  )
}
