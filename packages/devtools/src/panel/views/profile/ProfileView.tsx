/** Where the time goes: recorded on demand, by entry, reducer, computed field, listener and handler. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection, linkOf } from "../../modules/Connection.ts"
import type { PanelView } from "../../PanelView.ts"
import { count, duration } from "../../ui/format.ts"
import { TabList } from "../../ui/Tabs.tsx"
import { usePage } from "../../usePage.ts"
import { Flame } from "./Flame.tsx"
import { MeasureTable } from "./MeasureTable.tsx"
import { kinds, RecordingLive, shownOf } from "./Recording.ts"
import { profileStyles } from "./styles.ts"

const ways = [
  { id: "table", label: "Table" },
  { id: "flame", label: "Flame" }
] as const

const ProfileComponent = (): ReactNode => {
  const { layer } = usePage()
  const link = useSelector(useModule(Connection), linkOf)
  const recording = useModule(RecordingLive, { key: `${link}`, layer, gcTime: "1 hour" })
  const { failure, kind, profile, search, shows, sort } = useSelector(recording)
  const { begin, end, search: setSearch, show, showKind, sortBy } = recording.actions
  const isRunning = profile?.running === true
  const measures = profile === null ? [] : shownOf(profile.measures, { kind, search, sort })
  const isEmpty = profile === null || (profile.measures.length === 0 && !isRunning)
  return (
    <div className="sheet profile">
      <div className="bar tools">
        <button type="button" className="primary" onClick={() => (isRunning ? end() : begin())}>
          {isRunning ? "Stop" : "Record"}
        </button>
        <TabList label="Shown as" tabs={ways} selected={shows} onSelect={show} />
        <output className="note">
          {profile === null || (isEmpty && !isRunning)
            ? ""
            : `${isRunning ? "recording, " : ""}${duration(profile.durationMs)}${profile.leftOut > 0 ? `, ${count(profile.leftOut)} left out` : ""}`}
        </output>
      </div>
      {isEmpty || shows === "flame" ? null : (
        <div className="bar tools">
          <input
            type="search"
            className="filter"
            aria-label="Filter what was measured"
            placeholder="Filter by name or instance"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <label className="pick">
            <span>Kind</span>
            <select
              value={kind ?? ""}
              onChange={(event) => showKind(kinds.find((each) => each === event.currentTarget.value) ?? null)}
            >
              <option value="">all</option>
              {kinds.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        </div>
      )}
      <div className="content">
        {failure === null ? null : <p className="error">{failure}</p>}
        {isEmpty ? (
          <p className="hint">
            <b>Record</b>, use the app, and stop. While it records, each call takes a little longer; before
            and after, nothing is measured and nothing is slower.
          </p>
        ) : shows === "flame" ? (
          <Flame profile={profile} />
        ) : (
          <MeasureTable measures={measures} sort={sort} onSort={sortBy} />
        )}
      </div>
    </div>
  )
}

export const profileView: PanelView = {
  id: "profile",
  label: "Profile",
  Component: ProfileComponent,
  styles: profileStyles
}
