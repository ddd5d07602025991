export { fromLegacy, type LegacyCodec } from "./fromLegacy.ts"
