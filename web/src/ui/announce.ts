// What screen readers are told: one polite line at a time, the newest wins, never more often than once in a while.
//
// Behind an open dialog nothing is read out, the page's own live region neither; so every dialog brings one, and the
// newest region on the page is the one that speaks.

type Listener = (line: string) => void

/** Long enough for what belongs together to arrive together. */
const firstPauseMs = 100
const pauseMs = 2500
const listeners: Listener[] = []
let waiting: string | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Says `line` soon. Lines that come faster than they can be read replace each other. */
export function announce(line: string): void {
  waiting = line
  if (timer === undefined) timer = setTimeout(speak, firstPauseMs)
}

export function onAnnounce(listener: Listener): () => void {
  listeners.push(listener)
  return () => {
    const at = listeners.indexOf(listener)
    if (at >= 0) listeners.splice(at, 1)
  }
}

function speak(): void {
  timer = undefined
  if (waiting === undefined) return
  listeners.at(-1)?.(waiting)
  waiting = undefined
  timer = setTimeout(speak, pauseMs)
}
