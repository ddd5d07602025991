/** A panel without a page of its own: asks, and has its answer at once. */
import {
  type CallTag,
  type Counts,
  makePort,
  type Payload,
  type Served,
  type Success,
  version
} from "@sluice/devtools/protocol"

export interface Asking {
  /** The answer, as it was carried. Throws where it is refused. */
  readonly ask: <Tag extends CallTag>(tag: Tag, payload: Payload<Tag>) => Success<Tag>
  /** What the page has told last, where a subscription was asked for. */
  readonly told: () => Counts | undefined
  readonly end: () => void
}

/** Of what a page sends, what is read here. */
interface Told {
  readonly _tag: string
  readonly value?: unknown
  readonly error?: unknown
  readonly subscription?: number
  readonly counts?: Counts
}

/** `carry` is the way of each message, in either direction: what arrives is what it returns. */
export const openAsking = (served: Served, carry: (message: unknown) => unknown): Asking => {
  let answer: Told | undefined
  let counts: Counts | undefined
  const { port, received } = makePort({
    send: (message) => {
      // What a page sends is of its type by construction.
      const told = carry(message) as Told
      if (told._tag === "Reply" || told._tag === "Failure") answer = told
      // Told without being asked; it is taken at once.
      if (told._tag === "Rows") {
        counts = told.counts
        received({ _tag: "Ack", subscription: told.subscription })
      }
      if (told._tag === "Changed" || told._tag === "Runtimes") received({ _tag: "Ack", subscription: 0 })
    },
    close: () => {}
  })
  served.accept(port)
  received({ _tag: "Hello", version })
  let id = 0
  return {
    ask: <Tag extends CallTag>(tag: Tag, payload: Payload<Tag>) => {
      received(carry({ _tag: "Request", id: ++id, call: { _tag: tag, ...payload } }))
      if (answer?._tag !== "Reply") throw new Error(`${tag} was refused: ${JSON.stringify(answer)}`)
      // The protocol's own, for this tag.
      return answer.value as Success<Tag>
    },
    told: () => counts,
    end: port.close
  }
}

export const uncarried = (message: unknown): unknown => message

/** As a port of an extension carries them, or a socket. */
export const asJson = (message: unknown): unknown => JSON.parse(JSON.stringify(message))
