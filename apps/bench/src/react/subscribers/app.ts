/** Rows in a store, and a component for each that selects its own. */
import type { ComponentType, ReactNode } from "react"
import type { Row } from "../../row.ts"

export interface RowsProps {
  readonly ids: ReadonlyArray<string>
}

export interface RowsApp {
  /** One component for each id, with whatever provider it needs around them. */
  readonly Rows: ComponentType<RowsProps>
  /** Raises the value of one row by one. */
  readonly raise: (id: string) => void
  readonly valueOf: (id: string) => number
}

/** What every row's component gives to React, and is called once for each time that one renders. */
export type Show = (row: Row) => ReactNode

/** A contender: makes its store of the rows. */
export type StartRows = (rows: ReadonlyArray<Row>, show: Show) => RowsApp
