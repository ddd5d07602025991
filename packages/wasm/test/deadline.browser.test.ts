import { deadline } from "./suite/deadline.ts"

// That a browser ends a worker which is told to: csp.e2e.test.ts sees it from outside of the page.
deadline(() => {
  const { terminate } = Worker.prototype
  let ended = 0
  Worker.prototype.terminate = function () {
    ended++
    terminate.call(this)
  }
  return { ended: () => ended, stop: () => void (Worker.prototype.terminate = terminate) }
})
