// What one peer wants of us, and what went between us. Pure: messages go in, what to look for comes out.
//
//   want-list entry ─► due: look (is it here?) ─► here: block or "have" ─► sent
//                                              └► not here: "don't have", remembered until it comes, is cancelled or makes room
//
// Must stay true: whatever messages come, a ledger holds at most `wantsPerPeerMax` wants and `wantEntriesMax` refusals.

import type { CID } from 'multiformats/cid'
import type { BitswapMessage, WantEntry } from './bitswap-wire.ts'
import { type BlockKey, keyOf } from './cid.ts'
import { blockInsteadOfHaveBytesMax, wantEntriesMax, wantsPerPeerMax } from './limits.ts'
import { bitswapProtocol } from './protocol.ts'

export interface Ledger {
  /** Wanted and not sent, by key, the oldest first. */
  readonly wants: Map<BlockKey, Want>
  /** Of those, what is still to be looked for; the others wait for the block to come here. */
  readonly due: Set<BlockKey>
  /** Wants for which there was no room, to be answered with "don't have". */
  readonly refused: CID[]
  /** What the peer spoke last: it is answered in that. */
  protocol: string
  bytesSent: number
  bytesReceived: number
  blocksSent: number
}

export interface Want {
  readonly cid: CID
  readonly type: WantEntry['type']
  readonly sendDontHave: boolean
}

export function emptyLedger(): Ledger {
  return {
    wants: new Map(),
    due: new Set(),
    refused: [],
    protocol: bitswapProtocol,
    bytesSent: 0,
    bytesReceived: 0,
    blocksSent: 0,
  }
}

/** Takes a message's want-list; says how many of its wants found no room. */
export function takeWants(ledger: Ledger, message: Pick<BitswapMessage, 'wants' | 'full'>): number {
  if (message.full) forgetWants(ledger)
  let refused = 0
  for (const entry of message.wants) {
    const key = keyOf(entry.cid)
    if (entry.cancel) {
      ledger.wants.delete(key)
      ledger.due.delete(key)
    } else if (!takeWant(ledger, key, entry)) {
      refused += 1
      if (entry.sendDontHave && ledger.refused.length < wantEntriesMax) ledger.refused.push(entry.cid)
    }
  }
  return refused
}

function takeWant(ledger: Ledger, key: BlockKey, { cid, type, sendDontHave }: WantEntry): boolean {
  const known = ledger.wants.get(key)
  if (known === undefined && !hasRoom(ledger)) return false
  // A block may be asked for after its presence was; the other way round would take the first wish back.
  const stays = known?.type === 'block' && ledger.due.has(key)
  if (!stays) ledger.wants.set(key, { cid, type, sendDontHave })
  ledger.due.add(key)
  return true
}

/** What waits for blocks that are not here makes room, the oldest first. */
function hasRoom({ wants, due }: Ledger): boolean {
  if (wants.size < wantsPerPeerMax) return true
  for (const key of wants.keys()) {
    if (due.has(key)) continue
    wants.delete(key)
    return true
  }
  return false
}

export function forgetWants(ledger: Ledger): void {
  ledger.wants.clear()
  ledger.due.clear()
  ledger.refused.length = 0
}

export function hasWork({ due, refused }: Ledger): boolean {
  return due.size > 0 || refused.length > 0
}

/** The next want to look for; it stays the next until `answerTo`. Undefined when there is none. */
export function nextWant({ wants, due }: Ledger): Want | undefined {
  for (const key of due) {
    const want = wants.get(key)
    if (want !== undefined) return want
    due.delete(key)
  }
  return undefined
}

export type Answer = 'block' | 'have' | 'dont-have' | 'nothing'

/** What is said to a want whose block has `length` bytes here, or is not here. */
export function answerTo(ledger: Ledger, want: Want, length: number | undefined): Answer {
  const key = keyOf(want.cid)
  ledger.due.delete(key)
  if (length === undefined) return want.sendDontHave ? 'dont-have' : 'nothing'
  ledger.wants.delete(key)
  return want.type === 'block' || length <= blockInsteadOfHaveBytesMax ? 'block' : 'have'
}

/** Blocks may have come: everything that waits is looked for again, silently, since it was answered already. */
export function lookAgain({ wants, due }: Ledger): void {
  for (const [key, want] of wants) {
    if (due.has(key)) continue
    wants.set(key, { ...want, sendDontHave: false })
    due.add(key)
  }
}
