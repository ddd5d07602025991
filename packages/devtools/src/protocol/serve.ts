/** The page's side: keeps the history of its runtimes, and does what invited panels ask for. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { inSlices, type Progress } from "../session/slices.ts"
import { makeAnswers, toAnswered } from "./answers.ts"
import { InvalidRequest, Refused, UnknownRuntime } from "./errors.ts"
import { retryLetter } from "./handlerAnswers.ts"
import {
  type Call,
  type CallOf,
  decodeNumbered,
  decodeOpening,
  decodePanelMessage,
  encodeError,
  type LongTag,
  maxRows,
  type PanelMessage,
  type RuntimeInfo,
  type SentByPage,
  version
} from "./messages.ts"
import { Panel, type Subscription } from "./panel.ts"
import type { Port } from "./port.ts"
import { Pulse } from "./pulse.ts"
import { isStepped, makeSteppedAnswers } from "./sessionAnswers.ts"
import type { ServedRuntime, ServeOptions } from "./served.ts"
import { Source } from "./source.ts"

export interface AcceptOptions {
  /** Lets only a panel in that brings an invitation which `invite` has made. */
  readonly invited?: boolean
}

/** What the page refused: messages of any port, and panels. */
export interface Refusals {
  readonly messages: number
  readonly panels: number
  /** Why, the last time. */
  readonly last: string | undefined
}

export interface Served {
  /** Another one after each reload of the page. */
  readonly page: string
  /** Serves another runtime. Returns the function that ends it. */
  readonly add: (runtime: ServedRuntime) => () => void
  /** An invitation for one panel, once. Whoever has it is let in: give it to nobody else. */
  readonly invite: (nonce?: string) => string
  /** Takes the invitation, if there is such a one. */
  readonly admit: (nonce: string) => boolean
  /**
   * Serves whoever is at the other end. It is not believed: nothing that it sends throws here. Returns the function
   * that says goodbye.
   */
  readonly accept: (port: Port, options?: AcceptOptions) => () => void
  /** How many panels are connected. */
  readonly panels: () => number
  readonly refused: () => Refusals
  /** Closes all ports, ends travel and locks that panels began, and lets the histories go. */
  readonly close: () => void
}

/** Between two looks at what is new. */
const restMs = 100
/** For the trace to be told of what is running. */
const settleMs = 4
/** Batches on their way to a subscription that it has not acknowledged. */
const maxUnacked = 2
/** What a panel has asked for and is being made. */
const maxJobs = 8
/** Older ones are void. */
const maxInvitations = 1000
const helloMs = 10_000

const random = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/**
 * Serves one runtime or several. It records their commits from now on, whether or not a panel is connected; the
 * trace is read only while one is.
 */
export const serve = (
  runtimes: ServedRuntime | ReadonlyArray<ServedRuntime>,
  options: ServeOptions = {}
): Served => {
  const page = random()
  const sources = new Map<string, Source>()
  const panels = new Set<Panel>()
  const pulse = new Pulse(panels)
  const invitations = new Set<string>()
  let numbers = 0
  let subscriptionNumbers = 0
  let refusedMessages = 0
  let refusedPanels = 0
  let lastRefusal: string | undefined
  let isClosed = false

  // --- telling panels -----------------------------------------------------------------------------------

  let timer: ReturnType<typeof setTimeout> | undefined
  let lastLook = -Infinity

  /** Looks at what is new, as soon as that may be. */
  const lookSoon = (rest = restMs): void => {
    if (timer !== undefined || panels.size === 0) return
    timer = setTimeout(look, Math.max(settleMs, Math.min(rest, lastLook + rest - performance.now())))
  }

  const look = (): void => {
    timer = undefined
    lastLook = performance.now()
    let isBehind = false
    for (const panel of panels) {
      sendChanges(panel)
      for (const subscription of panel.subscriptions.values()) sendRows(panel, subscription)
    }
    for (const { log } of sources.values()) {
      if (!log.isOpen || !log.isBehind) continue
      log.settle()
      isBehind = true
    }
    if (isBehind) lookSoon(settleMs)
  }

  const sendRows = (panel: Panel, subscription: Subscription): void => {
    const { id, reader, source } = subscription
    if (subscription.version !== undefined) return sendProgress(panel, subscription)
    while (subscription.unacked < maxUnacked) {
      const { gap, more, rows } = source.log.next(reader, maxRows)
      if (rows.length === 0 && gap.commits === 0 && gap.events === 0) return
      subscription.unacked++
      panel.send({ _tag: "Rows", subscription: id, rows, gap, counts: source.counts(refusedMessages) })
      if (!more) return
    }
  }

  const sendProgress = (panel: Panel, subscription: Subscription): void => {
    const { id, source } = subscription
    const { version } = source.log
    if (subscription.version === version || subscription.unacked >= maxUnacked) return
    subscription.version = version
    subscription.unacked++
    const gap = { commits: 0, events: 0 }
    panel.send({ _tag: "Rows", subscription: id, rows: [], gap, counts: source.counts(refusedMessages) })
  }

  const sendChanges = (panel: Panel): void => {
    if (panel.changesUnacked > 0) return
    if (panel.runtimesChanged) {
      panel.changesUnacked++
      panel.send({ _tag: "Runtimes", runtimes: infos() })
    }
    for (const source of panel.changed) {
      panel.changesUnacked++
      panel.send({ _tag: "Changed", runtime: source.id, travel: source.travelState })
    }
    panel.runtimesChanged = false
    panel.changed.clear()
  }

  const infos = (): ReadonlyArray<RuntimeInfo> => Array.from(sources.values(), ({ info }) => info)

  // --- runtimes -----------------------------------------------------------------------------------------

  const tellRuntimes = (): void => {
    for (const panel of panels) panel.runtimesChanged = true
    lookSoon()
  }

  const add = (runtime: ServedRuntime): (() => void) => {
    const source: Source = new Source(`r${++numbers}`, runtime, options, {
      rows: () => lookSoon(),
      changed: () => {
        for (const panel of panels) panel.changed.add(source)
        if (source.status === runtime.status) return lookSoon()
        source.status = runtime.status
        tellRuntimes()
      }
    })
    sources.set(source.id, source)
    if (panels.size > 0) source.log.open()
    tellRuntimes()
    return () => {
      if (!sources.delete(source.id)) return
      source.end()
      for (const panel of panels) {
        panel.changed.delete(source)
        panel.endSamplers((sampler) => sampler.runtime === runtime)
        for (const { id, source: of } of panel.subscriptions.values())
          if (of === source) panel.subscriptions.delete(id)
      }
      tellRuntimes()
    }
  }

  const sourceOf = ({ runtime }: { readonly runtime: string }): Source => {
    const source = sources.get(runtime)
    if (source === undefined) throw new UnknownRuntime({ runtime, known: [...sources.keys()] })
    return source
  }

  // --- requests -----------------------------------------------------------------------------------------

  const answer = makeAnswers({
    sourceOf,
    nextSubscription: () => ++subscriptionNumbers,
    lookSoon: () => lookSoon(),
    malformed: () => refusedMessages
  })

  const answerInSteps = makeSteppedAnswers({ sourceOf })

  const begin = (panel: Panel, id: number, call: CallOf<LongTag>): void => {
    if (panel.jobs.has(id))
      throw new InvalidRequest({ issue: `the request ${id} is being answered; give each another id` })
    if (panel.jobs.size >= maxJobs)
      throw new Refused({
        request: call._tag,
        error: "TooManyJobs",
        reason: `A panel may have ${maxJobs} such requests at once. Wait for one, or cancel it.`
      })
    let lastTold = performance.now()
    const onProgress = ({ done, of }: Progress) => {
      if (performance.now() - lastTold < restMs) return
      lastTold = performance.now()
      panel.send({ _tag: "Progress", id, done, of })
    }
    const work: Effect.Effect<object, unknown> =
      call._tag === "RetryLetter"
        ? retryLetter(sourceOf(call), call.letter)
        : inSlices(() => answerInSteps(call, panel), { onProgress })
    const fiber = Effect.runFork(work)
    panel.jobs.set(id, () => fiber.interruptUnsafe())
    fiber.addObserver((exit) => {
      if (!panel.jobs.delete(id)) return
      if (Exit.isSuccess(exit)) return panel.send({ _tag: "Reply", id, value: exit.value })
      const error = encodeError(toAnswered(call, Cause.squash(exit.cause)))
      panel.send({ _tag: "Failure", id, error })
    })
  }

  const end = (panel: Panel, id: number): void => {
    const stop = panel.jobs.get(id)
    // First, so that nothing is said of it.
    panel.jobs.delete(id)
    stop?.()
  }

  const respond = (panel: Panel, id: number, call: Call): void => {
    try {
      if (call._tag === "RetryLetter" || isStepped(call)) return begin(panel, id, call)
      panel.send({ _tag: "Reply", id, value: answer(call, panel) })
    } catch (thrown) {
      panel.send({ _tag: "Failure", id, error: encodeError(toAnswered(call, thrown)) })
    }
  }

  // --- panels -------------------------------------------------------------------------------------------

  const admit = (nonce: string): boolean => invitations.delete(nonce)

  const invite = (nonce = random()): string => {
    invitations.add(nonce)
    const [oldest = nonce] = invitations
    if (invitations.size > maxInvitations) invitations.delete(oldest)
    return nonce
  }

  const refuseMessage = (issue: string): void => {
    refusedMessages++
    lastRefusal = issue
  }

  const turnAway = (
    panel: Panel,
    reason: Extract<SentByPage, { readonly _tag: "Unwelcome" }>["reason"],
    message: string
  ): void => {
    refusedPanels++
    lastRefusal = message
    panel.send({ _tag: "Unwelcome", version, reason, message })
    panel.port.close()
  }

  const greet = (panel: Panel, message: unknown, invited: boolean): void => {
    const opening = decodeOpening(message)
    if ("issue" in opening) {
      refuseMessage(opening.issue)
      return turnAway(panel, "order", "a message came before the hello")
    }
    if (opening.value.version !== version) {
      const older = opening.value.version < version ? "panel" : "page"
      return turnAway(
        panel,
        "version",
        `the page speaks version ${version} and the panel version ${opening.value.version}; the ${older} is the older`
      )
    }
    const hello = decodePanelMessage(message)
    if ("issue" in hello || hello.value._tag !== "Hello") {
      refuseMessage("issue" in hello ? hello.issue : "no hello")
      return turnAway(panel, "order", "the hello cannot be read")
    }
    if (isClosed) return turnAway(panel, "closed", "it serves no longer")
    if (invited && !admit(hello.value.nonce ?? ""))
      return turnAway(panel, "nonce", "it brought no invitation, or one that was used before")
    panel.welcomed = true
    panels.add(panel)
    pulse.start()
    for (const { log } of sources.values()) log.open()
    panel.send({ _tag: "Welcome", version, page, next: invite(), runtimes: infos() })
  }

  const receive = (panel: Panel, message: unknown): void => {
    const decoded = decodePanelMessage(message)
    if ("issue" in decoded) {
      refuseMessage(decoded.issue)
      const numbered = decodeNumbered(message)
      if ("value" in numbered) {
        const error = encodeError(new InvalidRequest({ issue: decoded.issue }))
        panel.send({ _tag: "Failure", id: numbered.value.id, error })
      }
      return
    }
    take(panel, decoded.value)
  }

  const take = (panel: Panel, message: PanelMessage): void => {
    switch (message._tag) {
      case "Hello":
        return refuseMessage("a second hello")
      case "Request":
        return respond(panel, message.id, message.call)
      case "Cancel":
        return end(panel, message.id)
      case "Ack": {
        if (message.subscription === 0) panel.changesUnacked = Math.max(0, panel.changesUnacked - 1)
        const subscription = panel.subscriptions.get(message.subscription)
        if (subscription !== undefined) subscription.unacked = Math.max(0, subscription.unacked - 1)
        return lookSoon()
      }
      case "Pong":
        return
      case "Bye":
        return panel.port.close()
    }
  }

  const dismiss = (panel: Panel): void => {
    panel.send({ _tag: "Bye" })
    panel.port.close()
  }

  const accept = (port: Port, { invited = false }: AcceptOptions = {}): (() => void) => {
    const panel = new Panel(port)
    const late = setTimeout(() => turnAway(panel, "order", "no hello came"), helloMs)
    port.onClose(() => {
      clearTimeout(late)
      for (const id of panel.jobs.keys()) end(panel, id)
      panel.endSamplers(() => true)
      if (!panels.delete(panel) || panels.size > 0) return
      clearTimeout(timer)
      timer = undefined
      pulse.stop()
      for (const source of sources.values()) {
        source.log.close()
        source.letGo()
      }
    })
    port.onMessage((message) => {
      panel.silent = 0
      if (panel.welcomed) return receive(panel, message)
      clearTimeout(late)
      greet(panel, message, invited)
    })
    return () => dismiss(panel)
  }

  for (const runtime of "length" in runtimes ? runtimes : [runtimes]) add(runtime)

  return {
    page,
    add,
    invite,
    admit,
    accept,
    panels: () => panels.size,
    refused: () => ({ messages: refusedMessages, panels: refusedPanels, last: lastRefusal }),
    close: () => {
      isClosed = true
      for (const panel of panels) dismiss(panel)
      for (const source of sources.values()) source.end()
      sources.clear()
    }
  }
}
