/** Airports, and how they are read from `airports.csv`. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

export const Airport = Schema.Struct({
  code: Schema.String,
  name: Schema.String,
  city: Schema.String,
  state: Schema.String,
  latitude: Schema.Finite,
  longitude: Schema.Finite
})
export type Airport = typeof Airport.Type

const decodeAirport = Schema.decodeUnknownResult(Airport)

/** RFC 4180: quoted fields may hold commas, doubled quotes and line ends. */
export const parseCsv = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<Array<string>> = []
  let row: Array<string> = []
  let field = ""
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i)
    if (quoted) {
      if (char !== '"') field += char
      else if (text.charAt(i + 1) === '"') {
        field += '"'
        i++
      } else quoted = false
    } else if (char === '"') quoted = true
    else if (char === ",") {
      row.push(field)
      field = ""
    } else if (char === "\n") {
      row.push(field)
      rows.push(row)
      row = []
      field = ""
    } else if (char !== "\r") field += char
  }
  if (field !== "" || row.length > 0) rows.push([...row, field])
  return rows
}

const columns = ["iata", "name", "city", "state", "latitude", "longitude"] as const

/** By code. Rows that are no airport are left out; undefined when the text is not this table at all. */
export const parseAirports = (text: string): ReadonlyMap<string, Airport> | undefined => {
  const [header = [], ...rows] = parseCsv(text)
  const places = columns.map((column) => header.indexOf(column))
  if (places.includes(-1)) return undefined
  const airports = new Map<string, Airport>()
  for (const row of rows) {
    const [code, name, city, state, latitude, longitude] = places.map((place) => row[place] ?? "")
    const decoded = decodeAirport({
      code,
      name,
      city,
      state,
      latitude: Number.parseFloat(latitude ?? ""),
      longitude: Number.parseFloat(longitude ?? "")
    })
    if (Result.isSuccess(decoded)) airports.set(decoded.success.code, decoded.success)
  }
  return airports
}
