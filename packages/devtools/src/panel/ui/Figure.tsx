import type { ReactNode } from "react"
import { count } from "./format.ts"

export interface FigureProps {
  readonly name: string
  readonly value: number | string
  /** What it means. */
  readonly title?: string | undefined
  /** Any of it is a loss, and shown as one. */
  readonly isLoss?: boolean
}

/** A number and its name, for a `dl` of class `figures`. */
export const Figure = ({ isLoss = false, name, title, value }: FigureProps): ReactNode => (
  <div className={isLoss && value !== 0 ? "figure lost" : "figure"} title={title}>
    <dt>{name}</dt>
    <dd>{typeof value === "number" ? count(value) : value}</dd>
  </div>
)
