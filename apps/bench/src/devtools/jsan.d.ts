/** What is used of it; the package has no types. */
declare module "jsan" {
  const jsan: {
    readonly stringify: (
      value: unknown,
      replacer: undefined,
      space: undefined,
      options: boolean | Readonly<Record<string, boolean>> | undefined
    ) => string
    readonly parse: (text: string) => unknown
  }
  export default jsan
}
