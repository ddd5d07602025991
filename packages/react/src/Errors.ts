import * as Data from "effect/Data"

/** A hook of this package was called outside a RuntimeProvider. */
export class RuntimeNotProvided extends Data.TaggedError("RuntimeNotProvided")<{}> {
  override get message() {
    return "No Sluice runtime is provided here. Render the component inside <RuntimeProvider runtime={runtime}>."
  }
}
