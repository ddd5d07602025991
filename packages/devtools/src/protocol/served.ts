/** What can be served, and how. */
import type { Runtime } from "@sluice/core"
import type { KeepOptions } from "../session/keep.ts"
import type { RedactionRule } from "../session/redact.ts"

/** The parts of a runtime that are served. Every runtime is one. */
export interface ServedRuntime extends Pick<
  Runtime.AnyRuntime,
  "label" | "status" | "instances" | "list" | "runSync" | "trace" | "onCommit" | "travel" | "subscribe"
> {}

export interface ServeOptions {
  /** Commits to keep of each runtime. Default 5,000. */
  readonly history?: number
  /**
   * What no panel is to see, of states, payloads and details of origins. Errors are sent as they are, with what they
   * hold, and travel shows the page what it has.
   */
  readonly redact?: ReadonlyArray<RedactionRule>
  /**
   * Whether a session survives a reload of the page, in which it is shown as an earlier one. It is redacted, bounded,
   * and written bit by bit while the page has nothing else to do. Default false.
   */
  readonly keep?: boolean | KeepOptions
  /**
   * Whether to keep where in the code each entry was made, of the newest 1,000: a stack, which costs 3 to 10 µs an
   * entry. Default false.
   */
  readonly callSites?: boolean
  /**
   * Opens a place of the code in an editor: a URL, relative to the page's, with `{file}` (encoded, as it is known: a
   * URL or a path), `{path}` (an absolute path, unencoded), `{line}` and `{column}` in it, such as
   * `vscode://file/{path}:{line}:{column}`. Default: that of the Vite plugin, `@sluice/devtools/vite`.
   */
  readonly editor?: string
}
