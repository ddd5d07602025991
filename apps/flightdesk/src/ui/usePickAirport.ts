import { useModule } from "@sluice/react"
import { useCallback } from "react"
import { AirportDetail } from "../modules/AirportDetail.ts"
import { Desk } from "../modules/Desk.ts"

/** Picks an airport everywhere at once: the table shows its flights, the panel its details. "" picks none. */
export const usePickAirport = (): ((code: string) => void) => {
  const desk = useModule(Desk)
  const detail = useModule(AirportDetail)
  return useCallback(
    (code: string) => {
      desk.actions.airportPicked(code)
      if (code === "") detail.actions.closed()
      else detail.actions.selected(code)
    },
    [desk, detail]
  )
}
