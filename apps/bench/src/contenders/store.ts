/** The work that every contender of the dispatch suite does. */

/** Small, as most of a state's slices are: one field changes, three stay. */
export interface State {
  readonly count: number
  readonly step: number
  readonly label: string
  readonly open: boolean
}

export const initial: State = { count: 0, step: 1, label: "clicks", open: true }

/** What a subscriber saw: how often it was told, and the field that it read. */
export interface Probe {
  told: number
  count: number
}

export interface Store {
  /** Subscribes a listener that reads the new state's `count` into the probe. */
  readonly watch: (probe: Probe) => void
  /** Increments `count` by one, `times` times. */
  readonly run: (times: number) => void | Promise<void>
  readonly count: () => number
}

export interface Contender {
  readonly name: string
  readonly make: () => Store
}
