import type { Runtime } from "@sluice/core"

/**
 * An app may declare which runtime its components are given. The compiler then asks for the services that a local
 * instance needs and that runtime does not have: `layer` gives them.
 *
 * ```ts
 * declare module "@sluice/react" {
 *   interface Register {
 *     readonly runtime: typeof runtime
 *   }
 * }
 * ```
 */
export interface Register {}

/** What the components' runtime has. Where the app has declared none, it may be anything. */
export type Provided = Register extends { readonly runtime: Runtime.Runtime<infer P> } ? P : unknown
