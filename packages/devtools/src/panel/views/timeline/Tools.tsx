/** What the list is of: search, filters, and whether it follows. */
import { useModule, useSelector } from "@sluice/react"
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react"
import { Connection } from "../../modules/Connection.ts"
import { isFiltered } from "../../modules/Items.ts"
import { Timeline } from "../../modules/Timeline.ts"
import { count } from "../../ui/format.ts"
import { readLink } from "../../link.ts"
import { useOpenLink } from "../../useLink.ts"
import { originNames } from "./titles.ts"

export const Tools = (): ReactNode => {
  const timeline = useModule(Timeline)
  const text = useSelector(timeline, (state) => state.query.text)
  const collapse = useSelector(timeline, (state) => state.query.collapse)
  const follow = useSelector(timeline, (state) => state.follow)
  const openLink = useOpenLink()
  return (
    <div className="bar tools">
      <input
        type="search"
        className="filter"
        maxLength={1000}
        aria-label="Filter by instance, action, origin, payload or error"
        placeholder="Filter: instance, action, payload, -not"
        value={text}
        onChange={(event) => {
          const link = readLink(event.currentTarget.value)
          if (link === undefined) timeline.actions.setQuery({ text: event.currentTarget.value })
          else openLink(link)
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || text === "") return
          event.preventDefault()
          timeline.actions.setQuery({ text: "" })
        }}
      />
      <Total />
      <Filters />
      <button
        type="button"
        className="toggle"
        aria-pressed={collapse}
        title="Show entries in a row that are alike as one"
        onClick={() => timeline.actions.setQuery({ collapse: !collapse })}
      >
        Group
      </button>
      <button
        type="button"
        className="toggle"
        aria-pressed={follow}
        title="Keep the latest entry in view"
        onClick={() => timeline.actions.setFollow(!follow)}
      >
        Follow
      </button>
    </div>
  )
}

/** How many are shown of how many, and how far the page has been looked through. */
const Total = () => {
  const timeline = useModule(Timeline)
  const shown = useSelector(timeline, ({ items }) => items.entries)
  const total = useSelector(timeline, ({ places }) => places.last - places.first + 1)
  const filtered = useSelector(timeline, ({ query }) => isFiltered(query))
  const searching = useSelector(timeline, ({ items, places }) => items.from > places.first)
  return (
    <span className="count" aria-busy={searching}>
      {filtered ? `${count(shown)} of ${count(total)}` : count(total)}
      {searching ? "…" : ""}
    </span>
  )
}

const outcomes = { commit: "commit", unchanged: "unchanged", rollback: "rollback" }

/** More are found by their words. */
const maxOffered = 100

type Chosen = "kinds" | "outcomes" | "instances"

const Filters = () => {
  const timeline = useModule(Timeline)
  const query = useSelector(timeline, (state) => state.query)
  const instances = useSelector(useModule(Connection), (state) => state.instances)
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!isOpen) return undefined
    const onPointer = (event: Event) => {
      if (root.current !== null && !event.composedPath().includes(root.current)) setOpen(false)
    }
    document.addEventListener("pointerdown", onPointer, true)
    return () => document.removeEventListener("pointerdown", onPointer, true)
  }, [isOpen])
  // The chosen ones first, so that each can be taken back.
  const offered = [
    ...instances.filter(({ instanceId }) => query.instances.includes(instanceId)),
    ...instances.filter(({ instanceId }) => !query.instances.includes(instanceId))
  ].slice(0, maxOffered)
  const active = query.kinds.length + query.outcomes.length + query.instances.length
  const toggle = (of: Chosen, value: string) => {
    const chosen = query[of]
    timeline.actions.setQuery({
      [of]: chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]
    })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !isOpen) return
    event.preventDefault()
    setOpen(false)
    button.current?.focus()
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape works wherever the keyboard is in it
    <div ref={root} className="filters" onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className="toggle"
        aria-expanded={isOpen}
        aria-controls={id}
        aria-pressed={active > 0}
        onClick={() => setOpen(!isOpen)}
      >
        Filters{active > 0 ? ` (${active})` : ""}
      </button>
      {isOpen ? (
        <section id={id} className="popover" aria-label="Filters">
          <Choices
            name="Origin"
            of={originNames}
            chosen={query.kinds}
            onToggle={(value) => toggle("kinds", value)}
          />
          <Choices
            name="Outcome"
            of={outcomes}
            chosen={query.outcomes}
            onToggle={(value) => toggle("outcomes", value)}
          />
          <Choices
            name="Instance"
            of={Object.fromEntries(
              offered.map(({ closed, instanceId }) => [
                instanceId,
                closed ? `${instanceId} (disposed)` : instanceId
              ])
            )}
            chosen={query.instances}
            onToggle={(value) => toggle("instances", value)}
          />
          {offered.length < instances.length ? (
            <p className="hint">
              {count(instances.length - offered.length)} more instances: filter by their names.
            </p>
          ) : null}
          <button
            type="button"
            className="toggle"
            onClick={() => timeline.actions.setQuery({ kinds: [], outcomes: [], instances: [] })}
          >
            Show all
          </button>
        </section>
      ) : null}
    </div>
  )
}

const Choices = ({
  chosen,
  name,
  of,
  onToggle
}: {
  readonly name: string
  readonly of: Readonly<Record<string, string>>
  readonly chosen: ReadonlyArray<string>
  readonly onToggle: (value: string) => void
}) => (
  <fieldset>
    <legend>{name}</legend>
    {Object.entries(of).map(([value, label]) => (
      <label key={value}>
        <input type="checkbox" checked={chosen.includes(value)} onChange={() => onToggle(value)} /> {label}
      </label>
    ))}
  </fieldset>
)
