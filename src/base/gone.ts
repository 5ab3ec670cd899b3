// When the caller of an HTTP request is gone. `close` of an answer alone does not tell: it may have come before anybody
// listened, and it never comes for an answer that waits behind another on its connection (pipelining, RFC 9112 §9.3.2).

interface Closing {
  once(event: 'close', run: () => void): unknown
  off(event: 'close', run: () => void): unknown
}

/** Calls `run` once: when the answer is out or its connection has closed, at once where it has already. */
export function onGone(
  incoming: { readonly socket: Closing & { readonly destroyed: boolean } },
  outgoing: Closing,
  run: () => void,
): void {
  const { socket } = incoming
  if (socket.destroyed) {
    run()
    return
  }
  const gone = () => {
    socket.off('close', gone)
    outgoing.off('close', gone)
    run()
  }
  socket.once('close', gone)
  outgoing.once('close', gone)
}
