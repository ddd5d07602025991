import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Desk, type View, views } from "../modules/Desk.ts"
import { AirportDetailPanel } from "./AirportDetailPanel.tsx"
import { AirportsPanel } from "./AirportsPanel.tsx"
import { FlightsPanel } from "./FlightsPanel.tsx"
import { Header } from "./Header.tsx"
import { MapPanel } from "./MapPanel.tsx"
import { PastNotice } from "./PastNotice.tsx"
import { Vitals } from "./Vitals.tsx"
import { WatchPanel } from "./WatchPanel.tsx"

const viewNames: Record<View, string> = {
  map: "Map",
  flights: "Flights",
  airports: "Airports",
  watch: "Watch"
}

export const App = (): ReactNode => {
  const desk = useModule(Desk)
  const view = useSelector(desk, (state) => state.view)
  return (
    <div className="desk" data-view={view}>
      <PastNotice />
      <Header />
      <nav className="views" aria-label="Views">
        {views.map((each) => (
          <button
            key={each}
            type="button"
            aria-current={each === view ? "page" : undefined}
            onClick={() => desk.actions.viewed(each)}
          >
            {viewNames[each]}
          </button>
        ))}
      </nav>
      <main>
        <MapPanel />
        <FlightsPanel />
        <WatchPanel />
        <div className="airports-stack" data-view="airports">
          <AirportDetailPanel />
          <AirportsPanel />
        </div>
      </main>
      <Vitals />
    </div>
  )
}
