import { requests } from "./suite/requests.ts"

requests()
