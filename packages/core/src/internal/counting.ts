import { InvalidOption } from "../Errors.ts"

/** The number itself, if it counts something. Throws InvalidOption otherwise. */
export const counting = (option: string, value: number): number => {
  if (Number.isInteger(value) && value >= 1) return value
  throw new InvalidOption({ option, value })
}
