// Fetches a version's inventory pages: a few at a time from each peer of that version, the same page from another when
// one does not answer or does not have it.

import { isPeerhoodError } from '../base/errors.ts'
import type { Holding } from '../content/types.ts'
import { peerErrors } from './errors.ts'
import { pagesPerPeerMax, pageTimeoutMs } from './limits.ts'
import type { Session } from './session-types.ts'

export interface Pages {
  arrived(session: Session, page: number, bytes: Uint8Array): void
  /** Asks for what can be asked now. */
  fill(sessions: Iterable<Session>, nowMs: number): void
  left(session: Session): void
}

interface Ask {
  readonly session: Session
  readonly atMs: number
}

/** `failed`: the page is what the author signed, and still wrong or not writable. */
export function createPages(holding: Holding, pages: number, failed: (error: unknown) => void): Pages {
  const asks = new Map<number, Ask>()
  const without = new WeakMap<Session, Set<number>>()
  const storing = new Set<number>()

  const isOpen = (page: number, session: Session, nowMs: number) => {
    if (holding.hasPage(page) || storing.has(page) || without.get(session)?.has(page)) return false
    const ask = asks.get(page)
    return ask === undefined || (ask.session !== session && nowMs - ask.atMs > pageTimeoutMs)
  }

  function ask(session: Session, page: number, nowMs: number): void {
    asks.set(page, { session, atMs: nowMs })
    session.traffic.pagesAsked.add(page)
    session.send({ kind: 'want-page', page })
  }

  function store(session: Session, page: number, bytes: Uint8Array): void {
    storing.add(page)
    holding
      .putPage(page, bytes)
      .catch((error) => {
        if (isPeerhoodError(error) && error.code === 'block_hash_wrong') {
          session.fail(peerErrors.page_hash_wrong('A peer sent a list of blocks that is not the signed one.'))
        } else failed(error)
      })
      .finally(() => storing.delete(page))
  }

  return {
    arrived(session, page, bytes) {
      if (asks.get(page)?.session === session) asks.delete(page)
      if (bytes.length === 0) remember(without, session, page)
      else if (!holding.hasPage(page) && !storing.has(page)) store(session, page, bytes)
    },
    fill(sessions, nowMs) {
      for (const session of sessions) {
        let room = pagesPerPeerMax - session.traffic.pagesAsked.size
        for (let page = 0; page < pages && room > 0; page++) {
          if (!isOpen(page, session, nowMs)) continue
          ask(session, page, nowMs)
          room--
        }
      }
    },
    left(session) {
      for (const [page, ask] of asks) if (ask.session === session) asks.delete(page)
    },
  }
}

function remember(map: WeakMap<Session, Set<number>>, session: Session, page: number): void {
  const pages = map.get(session)
  if (pages === undefined) map.set(session, new Set([page]))
  else pages.add(page)
}
