/** What a page finds out about one runtime while a panel asks: its time, its recomputations, its call sites. */
import * as CallSites from "@sluice/core/CallSites"
import * as Profile from "@sluice/core/Profile"
import { editorLink } from "./editor.ts"
import type { Site } from "./insight.ts"
import type { ServedRuntime, ServeOptions } from "./served.ts"
import { sitesOf } from "./stack.ts"

export class Insight {
  readonly #runtime: ServedRuntime
  readonly #editor: string | undefined
  /** Also once it has ended, until the next begins. Written by `beginProfile`. */
  profile: { readonly measured: Profile.Profile; isRunning: boolean } | undefined = undefined
  #recomputations: Profile.Recomputations | undefined = undefined
  #callSites: CallSites.CallSites | undefined = undefined

  constructor(runtime: ServedRuntime, { editor }: ServeOptions) {
    this.#runtime = runtime
    this.#editor = editor
  }

  beginProfile(): void {
    this.endProfile()
    this.profile = { measured: Profile.begin(this.#runtime), isRunning: true }
  }

  endProfile(): void {
    if (this.profile === undefined) return
    this.profile.measured.end()
    this.profile.isRunning = false
  }

  recomputations(): Profile.Recomputations {
    return (this.#recomputations ??= Profile.countRecomputations(this.#runtime))
  }

  keepCallSites(): void {
    this.#callSites ??= CallSites.keep(this.#runtime)
  }

  /** Of the app's own code, where it is known. */
  sitesOf(txnId: string): ReadonlyArray<Site> {
    const stack = this.#callSites?.of(txnId)
    return stack === undefined ? [] : sitesOf(stack).map((site) => this.linked(site))
  }

  linked(site: Site): Site {
    const href = editorLink(site, this.#editor)
    return href === undefined ? site : { ...site, href }
  }

  /** The last panel has gone. */
  letGo(): void {
    this.endProfile()
    this.profile = undefined
    this.#recomputations?.end()
    this.#recomputations = undefined
  }

  end(): void {
    this.letGo()
    this.#callSites?.end()
  }
}
