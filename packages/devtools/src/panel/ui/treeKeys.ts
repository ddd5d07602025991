import type { KeyboardEvent } from "react"

/**
 * The keys of a tree whose items are in the document in the order in which they are shown, each with its level:
 * the arrows go among them, and `toggle` opens or closes one. Enter and space click.
 */
export const treeKeys = (event: KeyboardEvent<Element>, toggle: (item: Element) => void): void => {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement | SVGElement>("[role=treeitem]")]
  const at = items.findIndex((item) => item === event.target)
  const item = items[at]
  if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  const level = Number(item.ariaLevel)
  const go = (to: HTMLElement | SVGElement | undefined) => to?.focus()
  const click = () => void item.dispatchEvent(new MouseEvent("click", { bubbles: true }))
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(items[at + 1]),
    ArrowUp: () => go(items[at - 1]),
    Home: () => go(items[0]),
    End: () => go(items.at(-1)),
    ArrowRight: () => (item.ariaExpanded === "false" ? toggle(item) : go(items[at + 1])),
    ArrowLeft: () =>
      item.ariaExpanded === "true"
        ? toggle(item)
        : go(items.slice(0, at).findLast((other) => Number(other.ariaLevel) < level)),
    Enter: click,
    " ": click
  }
  const act = keys[event.key]
  if (act === undefined) return
  event.preventDefault()
  event.stopPropagation()
  act()
}
