// What screen readers are told: one polite line at a time, the newest wins, never more often than once in a while.

type Listener = (line: string) => void

/** Long enough for what belongs together to arrive together. */
const firstPauseMs = 100
const pauseMs = 2500
let listener: Listener | undefined
let waiting: string | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Says `line` soon. Lines that come faster than they can be read replace each other. */
export function announce(line: string): void {
  waiting = line
  if (timer === undefined) timer = setTimeout(speak, firstPauseMs)
}

export function onAnnounce(next: Listener): () => void {
  listener = next
  return () => {
    if (listener === next) listener = undefined
  }
}

function speak(): void {
  timer = undefined
  if (waiting === undefined) return
  listener?.(waiting)
  waiting = undefined
  timer = setTimeout(speak, pauseMs)
}
