/** Writes the kept results into docs/tearing.md. */
import { quote } from "./results.ts"

quote()
