// Keeps a store in step with the daemon: reads everything once the event stream stands, then applies events in order; a
// `reset` reads everything anew. The stream reconnects by itself (SDK), for as long as the page is open.
//
// Must stay true: nothing is lost between a read and the stream, since the stream opens first and its events wait until
// the read is in. They may tell what the read knows already; as each carries the whole of what it is about, and they
// come in order, the last word is the daemon's last.

import { isPeerhoodError } from '../../../src/base/errors.ts'
import { type Clock, sleep } from '../../../src/base/ports.ts'
import type { Event, Peerhood } from '../../../src/sdk/types.ts'
import { readChat, readChats } from './chats.ts'
import { type Snapshot, silentMs } from './core.ts'
import type { Store } from './service.ts'

/** Pause before a failed read is tried again while the stream stands. */
const rereadDelayMs = 1000

interface Parts {
  readonly peerhood: Peerhood
  readonly store: Store
  readonly clock: Clock
}

/** Resolves when `signal` aborts, or when the daemon bars this browser. */
export async function followDaemon(parts: Parts, signal: AbortSignal): Promise<void> {
  const { peerhood, store } = parts
  const reader = createReader(parts, signal)
  const stopTicking = tick(parts)
  try {
    const onState = (state: 'connecting' | 'open' | 'waiting') => {
      if (state === 'waiting') store.apply({ type: 'connection', connection: 'gone' })
      else if (state === 'open') reader.onOpen()
    }
    for await (const { event } of peerhood.events({ signal, onState })) reader.onEvent(event)
  } catch (error) {
    if (!signal.aborted) store.apply({ type: 'connection', connection: isBarred(error) ? 'barred' : 'gone' })
  } finally {
    stopTicking()
  }
}

function createReader({ peerhood, store, clock }: Parts, signal: AbortSignal) {
  const chats = createChatReader({ peerhood, store, clock }, signal)
  const waiting: Event[] = []
  /** Counts the reasons to read; `readFor` is the one that the last read met. */
  let wanted = 1
  let readFor = 0
  let reading = false

  async function read(): Promise<void> {
    if (reading) return
    reading = true
    while (readFor !== wanted && !signal.aborted) {
      const now = wanted
      try {
        store.apply({ type: 'snapshot', snapshot: await readSnapshot(peerhood, signal), nowMs: clock.monotonicMs() })
        readFor = now
      } catch (error) {
        if (isBarred(error)) store.apply({ type: 'connection', connection: 'barred' })
        await sleep(clock, rereadDelayMs, { signal }).catch(() => undefined)
      }
    }
    reading = false
    for (const event of waiting.splice(0)) applyEvent(event)
  }

  function applyEvent(event: Event): void {
    store.apply({ type: 'event', event, nowMs: clock.monotonicMs() })
    chats.onEvent(event)
  }

  return {
    onOpen(): void {
      if (readFor === wanted) store.apply({ type: 'connection', connection: 'open' })
      else void read()
    },
    onEvent(event: Event): void {
      if (event.type === 'reset') {
        waiting.length = 0
        wanted += 1
        void read()
      } else if (readFor === wanted) applyEvent(event)
      else waiting.push(event)
    },
  }
}

/** Reads a community's chat when it was joined or rebuilt; what events tell meanwhile is told again afterwards. */
function createChatReader({ peerhood, store, clock }: Parts, signal: AbortSignal) {
  /** By community under way: events that came since its reading began. */
  const underWay = new Map<string, Event[]>()

  async function read(community: string): Promise<void> {
    if (underWay.has(community)) return
    const since: Event[] = []
    underWay.set(community, since)
    const chat = await readChat(peerhood, community, { signal }).catch(() => undefined)
    underWay.delete(community)
    if (chat === undefined || !store.world().communities.has(community)) return
    store.apply({ type: 'chat', community, chat })
    for (const event of since) {
      if (event.type === 'chat-rebuilt') void read(community)
      else store.apply({ type: 'event', event, nowMs: clock.monotonicMs() })
    }
  }

  return {
    onEvent(event: Event): void {
      if (event.type === 'chat-channel') underWay.get(event.channel.community)?.push(event)
      else if (event.type === 'presence') underWay.get(event.presence.community)?.push(event)
      else if (event.type === 'chat-rebuilt') {
        underWay.get(event.community)?.push(event)
        void read(event.community)
      } else if (event.type === 'community') {
        const { id, phase } = event.community
        if (phase === 'open' && !store.world().chats.has(id)) void read(id)
      }
    },
  }
}

/** Lets the rates of peers that fell silent end. */
function tick({ store, clock }: Parts): () => void {
  let cancel = clock.after(silentMs / 2, again)
  function again(): void {
    store.apply({ type: 'tick', nowMs: clock.monotonicMs() })
    cancel = clock.after(silentMs / 2, again)
  }
  return () => cancel()
}

async function readSnapshot(peerhood: Peerhood, signal: AbortSignal): Promise<Snapshot> {
  const options = { signal }
  const [status, settings, peers, shares, transfers, communities, identity] = await Promise.all([
    peerhood.status(options),
    peerhood.settings.get(options),
    peerhood.peers.list(options),
    peerhood.shares.list(options),
    peerhood.transfers.list(options),
    // A log that can't be read must not take the rest of the page away.
    peerhood.communities.list(options).catch(() => undefined),
    // A locked keystore has no person to show; everything else goes on.
    peerhood.identity.get(options).catch(() => undefined),
  ])
  const chats = communities && (await readChats(peerhood, communities, options))
  return { status, settings, peers, shares, transfers, communities, chats, identity }
}

function isBarred(error: unknown): boolean {
  return isPeerhoodError(error) && error.kind === 'refused'
}
