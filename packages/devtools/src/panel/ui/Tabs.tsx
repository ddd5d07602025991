import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react"

export interface TabListProps<Id extends string> {
  readonly label: string
  readonly tabs: ReadonlyArray<{ readonly id: Id; readonly label: string }>
  readonly selected: Id
  readonly onSelect: (id: Id) => void
}

/** Tabs of which the selected one takes the focus; the arrow keys select and move it. */
export const TabList = <Id extends string>({
  label,
  onSelect,
  selected,
  tabs
}: TabListProps<Id>): ReactNode => {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    if (step === 0 || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const at = (tabs.findIndex((tab) => tab.id === selected) + step + tabs.length) % tabs.length
    const next = tabs[at]
    if (next === undefined) return
    onSelect(next.id)
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[at]?.focus()
  }
  const list = useRef<HTMLDivElement>(null)
  // Where there is no room for all of them, they scroll.
  useEffect(() => {
    list.current
      ?.querySelector("[aria-selected=true]")
      ?.scrollIntoView({ block: "nearest", inline: "nearest" })
    // Another selection is brought into view once.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [selected])
  return (
    // The keys come from the tabs, which have the focus.
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus
    <div ref={list} className="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          aria-selected={tab.id === selected}
          tabIndex={tab.id === selected ? 0 : -1}
          onClick={() => onSelect(tab.id)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  )
}
