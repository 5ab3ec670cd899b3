// GET /api/events: the daemon's events as server-sent events (WHATWG HTML §9.2).
//
//   services.onEvent ─► ring (numbers, bounded) ─► each client writes from its own cursor as fast as its socket takes
//
// An id is `<epoch>-<number>`: the epoch is this run of the daemon, so an id of an earlier run can't be mistaken. A
// client that comes back with `Last-Event-ID` goes on after it, or gets one `reset` event when that has left the ring.
// JSON answers name the id that they are as new as, so that a reader can tell older events from newer ones.
// What must stay true: a client sees every event once and in order, or a `reset`; a slow client costs one cursor and
// one socket buffer, and loses its connection when it takes nothing for a while or falls out of the ring.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { onGone } from '../base/gone.ts'
import type { Cancel, Clock, Log, Metrics } from '../base/ports.ts'
import { apiErrors } from './errors.ts'
import { createEventRing, type EventRing } from './event-ring.ts'
import { apiHeaders } from './headers.ts'
import {
  eventsClientsMax,
  eventsHeartbeatMs,
  eventsKeptCharsMax,
  eventsKeptMax,
  eventsStallTimeoutMs,
} from './limits.ts'
import type { Event } from './schemas.ts'
import type { DaemonServices } from './services.ts'

export interface EventHub {
  /** Id of the newest event: what is read now has seen all events up to it. */
  position(): string
  /**
   * Takes the response over and streams until either side ends; without a token it is our page that listens, which has shown
   * its cookie. Throws `too_many_events_clients`.
   */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): void
  /** Ends all streams and stops listening to the services. */
  close(): void
}

/** Browsers' own EventSource waits this long before it reconnects. */
const eventSourceRetryMs = 1000

interface EventParts {
  readonly services: Pick<DaemonServices, 'onEvent' | 'pagesOpen'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export function createEventHub(parts: EventParts): EventHub {
  const { services, clock, log, metrics } = parts
  const ring = createEventRing({ eventsMax: eventsKeptMax, charsMax: eventsKeptCharsMax })
  const epoch = clock.nowMs().toString(36)
  const idOf = (sequence: number) => `${epoch}-${sequence}`
  const clients = new Set<Client>()
  const pages = new Set<Client>()
  let cancelHeartbeat: Cancel | undefined

  const unsubscribe = services.onEvent((event) => {
    ring.push(message(idOf(ring.last + 1), event))
    for (const client of clients) client.pump()
  })

  function beat(): void {
    cancelHeartbeat = clients.size === 0 ? undefined : clock.after(eventsHeartbeatMs, beat)
    for (const client of clients) client.beat()
  }

  function forget(client: Client, code: string): void {
    clients.delete(client)
    if (pages.delete(client)) services.pagesOpen(pages.size)
    metrics.gauge('api_events_clients', clients.size)
    log.debug(code)
  }

  function serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (clients.size >= eventsClientsMax) {
      throw apiErrors.too_many_events_clients(`${eventsClientsMax} event streams are open already.`)
    }
    const cursor = cursorOf(incoming.headers['last-event-id'], epoch, ring)
    outgoing.writeHead(200, { ...apiHeaders, 'content-type': 'text/event-stream; charset=utf-8' })
    if (incoming.method === 'HEAD') {
      outgoing.end()
      return
    }
    // Where the stream stands, so that a drop before the first event is resumable, too.
    const start = cursor === undefined ? message(idOf(ring.last), { type: 'reset' }) : `id: ${idOf(cursor)}\n\n`
    outgoing.write(`retry: ${eventSourceRetryMs}\n${start}`)
    const client = createClient({ outgoing, ring, clock, cursor: cursor ?? ring.last, onEnd: forget })
    clients.add(client)
    if (incoming.headers.authorization === undefined) services.pagesOpen(pages.add(client).size)
    metrics.gauge('api_events_clients', clients.size)
    cancelHeartbeat ??= clock.after(eventsHeartbeatMs, beat)
    onGone(incoming, outgoing, () => client.leave())
    client.pump()
  }

  return {
    position: () => idOf(ring.last),
    serve,
    close() {
      unsubscribe()
      cancelHeartbeat?.()
      for (const client of [...clients]) client.end()
    },
  }
}

function message(id: string, event: Event): string {
  return `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`
}

/** Where a client goes on; undefined when it has missed events. */
function cursorOf(header: string | string[] | undefined, epoch: string, ring: EventRing): number | undefined {
  if (header === undefined || header === '') return ring.last
  const match = /^([0-9a-z]{1,16})-(\d{1,15})$/.exec(String(header))
  const sequence = Number(match?.[2] ?? Number.NaN)
  return match?.[1] === epoch && ring.holdsAfter(sequence) ? sequence : undefined
}

interface Client {
  /** Writes what is new, as far as the socket takes it. */
  pump(): void
  beat(): void
  end(): void
  /** The caller is gone. */
  leave(): void
}

interface ClientOptions {
  readonly outgoing: ServerResponse
  readonly ring: EventRing
  readonly clock: Clock
  readonly cursor: number
  readonly onEnd: (client: Client, code: string) => void
}

function createClient({ outgoing, ring, clock, onEnd, ...options }: ClientOptions): Client {
  let cursor = options.cursor
  let cancelStall: Cancel | undefined

  function drop(code: string): void {
    outgoing.destroy()
    leave(code)
  }

  let leave = (code: string): void => {
    leave = () => undefined
    cancelStall?.()
    onEnd(client, code)
  }

  /** The socket is full: nothing more until it drains, and not for ever. */
  function waitForDrain(): void {
    cancelStall = clock.after(eventsStallTimeoutMs, () => drop('events_client_stalled'))
    outgoing.once('drain', () => {
      cancelStall?.()
      cancelStall = undefined
      client.pump()
    })
  }

  const client: Client = {
    pump() {
      while (cancelStall === undefined && cursor < ring.last) {
        const text = ring.at(cursor + 1)
        if (text === undefined) {
          drop('events_client_slow')
          return
        }
        cursor += 1
        if (!outgoing.write(text)) waitForDrain()
      }
    },
    beat() {
      if (cancelStall === undefined && !outgoing.write(': beat\n\n')) waitForDrain()
    },
    end: () => outgoing.end(),
    leave: () => leave('events_client_gone'),
  }
  return client
}
