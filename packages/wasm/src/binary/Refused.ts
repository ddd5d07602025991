/** What is well made and cannot be run here. `rewrite` tells it as ModuleRefused. */
export class Refused extends Error {
  override readonly name = "Refused"
  readonly feature: string
  readonly reason: string
  constructor(feature: string, reason: string) {
    super(`${feature}: ${reason}`)
    this.feature = feature
    this.reason = reason
  }
}

export const unsupported = (feature: string): Refused =>
  new Refused(feature, "the loader does not support it. Build the code without it.")
