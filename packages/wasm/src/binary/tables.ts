import type { WasmModule } from "./read.ts"
import { Refused } from "./Refused.ts"
import { Writer } from "./Writer.ts"

/** Of all tables of a module together. An engine takes up to 32 bytes for each, whatever a memory's maximum is. */
const mostElements = 1_000_000

/** Of those that the module defines, each with a maximum: all together have at most `mostElements`. */
export const tableSection = ({ imported, tables }: WasmModule): Writer => {
  const own = tables.slice(imported.table)
  const all = own.reduce((sum, { range }) => sum + range.least, 0)
  if (all > mostElements) {
    throw new Refused(`tables of ${all} elements`, `${mostElements} are the most. Build the code with less.`)
  }
  const more = Math.floor((mostElements - all) / own.length)
  const out = new Writer()
  out.u32(own.length)
  for (const { range, type } of own) {
    out.u8(type === "funcref" ? 0x70 : 0x6f)
    out.u8(1)
    out.u32(range.least)
    out.u32(Math.min(range.most ?? mostElements, range.least + more))
  }
  return out
}
