// The last events, kept so that clients who lost their connection can go on. Pure. A client is only a cursor into this
// ring: however slow it is, it costs no memory of its own; a cursor that falls out of the ring has missed events.

export interface EventRing {
  /** Sequence number of the newest event; 0 before the first. */
  readonly last: number
  /** Keeps an event and gives it the next number; the oldest make room. */
  push(text: string): void
  /** Whether a reader that has seen everything up to `sequence` can go on without missing anything. */
  holdsAfter(sequence: number): boolean
  /** The text of an event; undefined when it has made room or hasn't happened. */
  at(sequence: number): string | undefined
}

export function createEventRing(limits: { readonly eventsMax: number; readonly charsMax: number }): EventRing {
  const texts = new Map<number, string>()
  let first = 1
  let last = 0
  let chars = 0

  /** The newest always stays, so that a single event larger than the ring still reaches those who keep up. */
  function makeRoom(): void {
    while (first < last && (texts.size > limits.eventsMax || chars > limits.charsMax)) {
      chars -= texts.get(first)?.length ?? 0
      texts.delete(first)
      first += 1
    }
  }

  return {
    get last() {
      return last
    },
    push(text) {
      last += 1
      texts.set(last, text)
      chars += text.length
      makeRoom()
    },
    holdsAfter: (sequence) => sequence >= first - 1 && sequence <= last,
    at: (sequence) => texts.get(sequence),
  }
}
