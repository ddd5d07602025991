/** What a handler's memory holds at one version of a state. Values: they can be kept, sent to a worker and stored. */

/** Bytes of a page of WebAssembly memory, of which images are made. */
export const pageSize = 65_536

/** 64 KiB. Never written to once it is part of an image: images that agree on a page share it. */
export type Page = Uint8Array<ArrayBuffer>

/** That of an exported mutable global: i64 as bigint, the other number types as number. */
export type GlobalValue = number | bigint

/** The memory of one core instance. A component has one for each of its core instances, in their order. */
export interface ImagePart {
  readonly pages: ReadonlyArray<Page>
  /** In the order in which the loader exported them. */
  readonly globals: ReadonlyArray<GlobalValue>
}

export interface Image {
  /** Of the original bytes: of a component, of its manifest. In hexadecimal. */
  readonly module: string
  readonly parts: ReadonlyArray<ImagePart>
}

/** What leads from one image to another, of the same module. */
export interface Delta {
  readonly parts: ReadonlyArray<{
    /** Pages of the memory afterwards: more than before where it grew. */
    readonly length: number
    /** Each that is another, by its index in ascending order. */
    readonly changed: ReadonlyArray<readonly [index: number, page: Page]>
    readonly globals: ReadonlyArray<GlobalValue>
  }>
}
