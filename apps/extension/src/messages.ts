/** What the panel and the content scripts of a tab say to each other before there is a port. */

/** To all frames: which pages are there? */
export interface Who {
  readonly sluice: "who"
}

/** A page says that it is there. The browser says where. */
export interface Here {
  readonly sluice: "here"
  readonly page: string
}

const isObject = (given: unknown): given is object => typeof given === "object" && given !== null

export const isWho = (given: unknown): given is Who =>
  isObject(given) && "sluice" in given && given.sluice === "who"

export const isHere = (given: unknown): given is Here =>
  isObject(given) &&
  "sluice" in given &&
  given.sluice === "here" &&
  "page" in given &&
  typeof given.page === "string"
