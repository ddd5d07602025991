/**
 * The upper bound of types that are invariant in a parameter: a module of any state, a consumer of any item.
 * Where it stands, the parameter's value is passed through and never looked at.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- nothing else is above an invariant parameter
export type Any = any
