/** The desk's modules by name. */
export { AirportDetail } from "./AirportDetail.ts"
export { Atlas } from "./Atlas.ts"
export { Desk } from "./Desk.ts"
export { Flights } from "./Flights.ts"
export { Replay } from "./Replay.ts"
export { ServerTrouble } from "./ServerTrouble.ts"
export { Watch } from "./Watch.ts"
export { WatchItem } from "./WatchItem.ts"
