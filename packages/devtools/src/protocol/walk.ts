/** From commit to commit of a history, by how many there are up to it; those of travel itself are passed over. */
import type { Commit } from "@sluice/core"
import type { History } from "../session/history.ts"
import { travelsOf } from "../session/recording.ts"
import type { Success } from "./messages.ts"

const showsAnother = ({ origin: { kind, name } }: Commit.Commit): boolean =>
  kind === "devtools" && (name === "jump" || name === "live")

export class Walk {
  readonly #history: History
  /** The last commit that travel has not made, of those up to `looked`. Written by `end`. */
  #lastOwn = 0
  #looked = 0

  constructor(history: History) {
    this.#history = history
  }

  /** The last moment that travel has not made. */
  get end(): number {
    const history = this.#history
    for (let index = history.countUpTo(this.#looked); index < history.length; index++) {
      const commit = history.at(index)
      if (commit === undefined) continue
      this.#looked = commit.seq
      if (!showsAnother(commit)) this.#lastOwn = commit.seq
    }
    return Math.max(history.base, this.#lastOwn)
  }

  /** One commit back or on; where there is none, a moment out of reach. */
  step(moment: number, by: -1 | 1): number {
    const path = this.#path()
    const at = path.settle(this.#history.countUpTo(moment))
    return path.momentAt(by === 1 ? path.next(at) : path.previous(at))
  }

  /** When that moment was, and when the next one. */
  times(moment: number): Pick<Success<"Step">, "next" | "time"> {
    const history = this.#history
    const count = history.countUpTo(moment)
    const here = moment > history.base ? history.at(count - 1) : undefined
    const next = history.at(this.#path().next(count) - 1)
    return {
      ...(here === undefined ? {} : { time: here.startedAt }),
      ...(next === undefined ? {} : { next: { moment: history.momentOf(next.seq), time: next.startedAt } })
    }
  }

  #path() {
    const history = this.#history
    const { base, end } = history
    const first = history.countUpTo(base)
    let travels: ReadonlySet<Commit.Commit> | undefined
    const isTravel = (count: number) => {
      const commit = history.at(count - 1)
      if (commit?.origin.kind !== "devtools") return false
      if (showsAnother(commit)) return true
      // An edit is one where it has not stayed. This looks through the whole history.
      travels ??= travelsOf(history.after(0))
      return travels.has(commit)
    }
    const momentAt = (count: number) =>
      count <= first ? base - (first - count) : (history.at(count - 1)?.seq ?? end + 1)
    return {
      momentAt,
      /** What travel committed shows other moments: from there, the last of the app's own. */
      settle: (given: number) => {
        let count = given
        while (count > first && isTravel(count)) count--
        return count
      },
      next: (given: number) => {
        let count = given + 1
        while (count <= history.length && isTravel(count)) count++
        return count
      },
      previous: (given: number) => {
        const from = momentAt(given)
        let count = given - 1
        while (count > first && (isTravel(count) || history.momentOf(momentAt(count)) >= from)) count--
        return count
      }
    }
  }
}
