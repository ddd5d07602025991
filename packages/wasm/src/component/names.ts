/** How the package's WIT is called, in the names that components are made of. */
import type { CallKind } from "../Machine.ts"

export const witVersion = "1.0.0"

/** The functions of the WIT: by the interface that has them, and as jco's glue spells them. */
export const entries: Readonly<
  Record<CallKind, { readonly interface: string; readonly function: string; readonly property: string }>
> = {
  init: { interface: "actor", function: "init", property: "init" },
  send: { interface: "message-server-client", function: "handle-send", property: "handleSend" },
  request: { interface: "message-server-client", function: "handle-request", property: "handleRequest" },
  "child-error": {
    interface: "supervisor-client",
    function: "handle-child-error",
    property: "handleChildError"
  }
}

const kinds: ReadonlyArray<CallKind> = ["init", "send", "request", "child-error"]

const major = witVersion.split(".")[0]

/** Without its version: `sluice:handler/actor`. */
const unversioned = (name: string): string => name.replace(/@[^@]*$/, "")

/** True for the package's own interface, in a version that this one can stand for. */
export const isInterface = (name: string, of: string): boolean =>
  unversioned(name) === `sluice:handler/${of}` && name.split("@")[1]?.split(".")[0] === major

/** What a component can be called for, by the interfaces that it exports. */
export const kindsOf = (exports: ReadonlyArray<string>): ReadonlySet<CallKind> =>
  new Set(kinds.filter((kind) => exports.some((name) => isInterface(name, entries[kind].interface))))

export const grantable = ["console", "clock", "random"] as const
export type Grantable = (typeof grantable)[number]

/** The interface of the WIT that an import asks for, by its name without a version. */
export const grantOf = (name: string): Grantable | undefined =>
  grantable.find((grant) => unversioned(name) === `sluice:handler/${grant}`)

/** The same, by a name of a core module, where its compiler has kept to the conventions of wit-component. */
export const statefulFeature = (name: string): string | undefined => {
  const resource =
    /\[(?:resource-new|resource-drop|resource-rep|constructor|method|static|dtor)\]([a-z][\w-]*)/.exec(name)
  if (resource !== null) return `the resource ${resource[1]}`
  const intrinsic = /(?:^|#)\[([a-z-]+)/.exec(name)
  return intrinsic === null ? undefined : `the component model's ${intrinsic[1]}`
}
