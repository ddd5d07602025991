/** Where the desk's data is: the files of vega-datasets, or others in their place. */
import { fileURLToPath } from "node:url"

export interface DataFiles {
  readonly flights: string
  readonly airports: string
  readonly states: string
}

const vegaFile = (name: string): string =>
  fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")))

export const vegaFiles: DataFiles = {
  flights: vegaFile("flights-20k.json"),
  airports: vegaFile("airports.csv"),
  states: vegaFile("us-10m.json")
}
