/** The map's projection: the lower 48 states, with Alaska and Hawaii as insets. */
import { geoAlbersUsa, geoPath } from "d3-geo"
import { feature, mesh } from "topojson-client"
import type { GeometryCollection, Topology } from "topojson-specification"

/** The size of the drawing that the coordinates are for: the projection's own, less its empty margins. */
export const mapSize = { width: 900, height: 585 } as const

const albers = geoAlbersUsa()
  .scale(1300)
  .translate([mapSize.width / 2 - 5, mapSize.height / 2])

/** Undefined for what the map does not show, such as Puerto Rico and Guam. */
export const project = (place: {
  readonly latitude: number
  readonly longitude: number
}): readonly [number, number] | undefined => albers([place.longitude, place.latitude]) ?? undefined

export const drawStates = (
  topology: Topology<{ states: GeometryCollection }>
): { readonly land: string; readonly borders: string } => {
  const path = geoPath(albers).digits(1)
  return {
    land: path(feature(topology, topology.objects.states)) ?? "",
    borders: path(mesh(topology, topology.objects.states, (a, b) => a !== b)) ?? ""
  }
}
