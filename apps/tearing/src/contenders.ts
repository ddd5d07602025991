/** Each has a file of its name in `contenders`, and those of `packages` are what it is made of. */
export const contenders = {
  sluiceConcurrent: { title: "Sluice, `concurrent`", packages: [] },
  sluiceDefault: { title: "Sluice, `concurrent={false}`", packages: [] },
  reactState: { title: "React: `useReducer`, context", packages: [] },
  useSyncExternalStore: { title: "React: `useSyncExternalStore`", packages: [] },
  listener: { title: "React: a listener and `useReducer`", packages: [] },
  reactRedux: { title: "Redux Toolkit, react-redux", packages: ["@reduxjs/toolkit", "react-redux"] },
  zustand: { title: "zustand", packages: ["zustand"] },
  jotai: { title: "jotai", packages: ["jotai"] },
  mobx: { title: "mobx, mobx-react-lite", packages: ["mobx", "mobx-react-lite"] },
  valtio: { title: "valtio", packages: ["valtio"] },
  tanstackStore: { title: "TanStack Store", packages: ["@tanstack/react-store"] }
} as const satisfies Readonly<
  Record<string, { readonly title: string; readonly packages: ReadonlyArray<string> }>
>

export type ContenderName = keyof typeof contenders

export const isContender = (name: string): name is ContenderName => Object.hasOwn(contenders, name)

export const contenderNames: ReadonlyArray<ContenderName> = Object.keys(contenders).filter(isContender)
