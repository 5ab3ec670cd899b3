// The thread of one ledger as the main thread sees it: started, asked, started again when it ended by itself.
//
//   ask, rpc ──► id ──► thread ──► answer            ended by itself ──► all that waited is refused ──► a new one, later
//
// Must stay true: nobody waits for a thread that is gone; a ledger that can't be opened costs one try a minute, not more.

import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Metrics } from '../base/ports.ts'
import { ledgerErrors } from './errors.ts'
import {
  questionMsMax,
  questionsMax,
  readyMsMax,
  restartForgivenMs,
  restartMs,
  restartMsMax,
  rpcSessionsMax,
  threadStopMs,
} from './limits.ts'
import type { Answers, FromLedger, Question, ToLedger } from './thread/messages.ts'
import { errorOf } from './thread/thrown.ts'
import type { Hash } from './types.ts'

/** A thread that was started, or something that behaves like one. */
export interface Thread {
  post(message: ToLedger): void
  /** Ends it at once. */
  terminate(): Promise<void>
}

export interface ThreadEvents {
  message(message: FromLedger): void
  /** It has ended, whatever the reason; called once. */
  over(error: unknown): void
}

export interface HostParts {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  start(events: ThreadEvents): Thread
  /** What is not an answer. */
  hear(message: FromLedger): void
  /** A thread is ready, the first or a later one. */
  ready(genesisHash: Hash): void
  /** It has ended by itself. */
  down(): void
}

export type HostState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready' }
  /** It ended by itself, or could not be opened. */
  | { readonly kind: 'down'; readonly error: PeerhoodError; readonly atMs: number }
  | { readonly kind: 'stopped' }

export interface RpcPort {
  handle(body: string): Promise<string | undefined>
  close(): void
}

export interface Host {
  readonly state: HostState
  /** How often a thread ended by itself since the start. */
  readonly ends: number
  readonly repairs: readonly string[]
  start(): void
  stop(): Promise<void>
  post(message: ToLedger): void
  ask<What extends Question['what']>(
    question: Extract<Question, { what: What }>,
    options?: { signal?: AbortSignal },
  ): Promise<Answers[What]>
  /** `caller` tells those who come over HTTP apart. */
  rpc(body: string, caller?: string): Promise<string | undefined>
  /** A WebSocket; `note` takes what is sent to it, false from it ends it; `over`: the thread has ended it. */
  openRpc(note: (text: string) => boolean, over: () => void): RpcPort
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

export function createHost(parts: HostParts): Host {
  const { clock, log } = parts
  const waiting = new Map<number, Waiting>()
  const sessions = new Map<number, { note(text: string): boolean; over(): void }>()
  let state: HostState = { kind: 'stopped' }
  let thread: Thread | undefined
  let startedMs = 0
  let failures = 0
  let ends = 0
  let repairs: readonly string[] = []
  let nextId = 1
  let restart: Cancel | undefined
  let notReady: Cancel | undefined
  let stopped: (() => void) | undefined

  function begin(): void {
    restart = undefined
    state = { kind: 'starting' }
    startedMs = clock.monotonicMs()
    let failure: PeerhoodError | undefined
    const mine: Thread = parts.start({
      message(message) {
        if (thread !== mine) return
        if (message.type === 'failed') failure = errorOf(message.error)
        else hear(message)
      },
      over: (error) => ended(mine, failure ?? error),
    })
    thread = mine
    notReady = clock.after(readyMsMax, () => {
      failure = ledgerErrors.ledger_late('The chain could not be opened in time.')
      void mine.terminate()
    })
  }

  function ended(mine: Thread, why: unknown): void {
    if (thread !== mine) return
    thread = undefined
    notReady?.()
    for (const { reject } of waiting.values()) reject(ledgerErrors.ledger_down('The ledger’s thread ended.'))
    waiting.clear()
    for (const { over } of [...sessions.values()]) over()
    sessions.clear()
    stopped?.()
    if (state.kind === 'stopped') return
    if (clock.monotonicMs() - startedMs > restartForgivenMs) failures = 0
    const error = isPeerhoodError(why) ? why : ledgerErrors.ledger_down(`The ledger’s thread ended: ${String(why)}.`)
    const waitMs = Math.min(restartMsMax, restartMs * 2 ** failures)
    failures += 1
    ends += 1
    state = { kind: 'down', error, atMs: clock.nowMs() }
    log.error('ledger_thread_ended', { code: error.code, message: error.message, againMs: waitMs })
    parts.metrics.count('ledger_thread_ends')
    restart = clock.after(waitMs, begin)
    parts.down()
  }

  function hear(message: FromLedger): void {
    switch (message.type) {
      case 'ready':
        notReady?.()
        state = { kind: 'ready' }
        repairs = message.repairs
        parts.ready(message.genesisHash)
        break
      case 'answer':
        settle(message.id)?.resolve(message.value)
        break
      case 'refused':
        settle(message.id)?.reject(errorOf(message.error))
        break
      case 'rpc-answer':
        settle(message.id)?.resolve(message.text)
        break
      case 'rpc-note': {
        const session = sessions.get(message.session)
        if (session !== undefined && !session.note(message.text)) close(message.session)
        break
      }
      case 'rpc-over': {
        const session = sessions.get(message.session)
        sessions.delete(message.session)
        session?.over()
        break
      }
      case 'log':
        log[message.level](message.code, message.fields)
        break
      case 'count':
        parts.metrics.count(message.name, message.value, message.labels)
        break
      case 'gauge':
        parts.metrics.gauge(message.name, message.value, message.labels)
        break
      default:
        parts.hear(message)
    }
  }

  function settle(id: number): Waiting | undefined {
    const one = waiting.get(id)
    waiting.delete(id)
    return one
  }

  function close(session: number): void {
    if (!sessions.delete(session)) return
    thread?.post({ type: 'rpc-close', session })
  }

  function send<Value>(make: (id: number) => ToLedger, signal: AbortSignal | undefined): Promise<Value> {
    if (state.kind === 'down') throw state.error
    // One that is being opened answers once it is.
    if (thread === undefined) throw ledgerErrors.ledger_starting('The ledger is being opened.')
    if (waiting.size >= questionsMax) throw ledgerErrors.ledger_busy('Too much is asked of this ledger at once.')
    const id = nextId++
    const late = () => ledgerErrors.ledger_late('The ledger did not answer in time.')
    const limit = deadline(clock, questionMsMax, late, signal)
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    waiting.set(id, { resolve: (value) => resolve(value as Value), reject })
    limit.signal.addEventListener('abort', () => settle(id)?.reject(limit.signal.reason))
    thread.post(make(id))
    return promise.finally(limit.done)
  }

  return {
    get state() {
      return state
    },
    get ends() {
      return ends
    },
    get repairs() {
      return repairs
    },
    start() {
      if (state.kind === 'stopped') begin()
    },
    async stop() {
      state = { kind: 'stopped' }
      restart?.()
      notReady?.()
      const mine = thread
      if (mine === undefined) return
      const over = new Promise<void>((resolve) => {
        stopped = resolve
      })
      mine.post({ type: 'stop' })
      const cancel = clock.after(threadStopMs, () => void mine.terminate())
      await over
      cancel()
    },
    post: (message) => thread?.post(message),
    ask: async (question, { signal } = {}) => send((id) => ({ type: 'ask', id, question }), signal),
    rpc: async (body, caller) => send((id) => ({ type: 'rpc', id, session: undefined, caller, body }), undefined),
    openRpc(note, over) {
      if (sessions.size >= rpcSessionsMax) throw ledgerErrors.ledger_busy('Too many programs listen to this ledger.')
      if (state.kind === 'down') throw state.error
      if (thread === undefined) throw ledgerErrors.ledger_starting('The ledger is being opened.')
      const session = nextId++
      sessions.set(session, { note, over })
      thread?.post({ type: 'rpc-open', session })
      return {
        handle: async (body) => send((id) => ({ type: 'rpc', id, session, body }), undefined),
        close: () => close(session),
      }
    },
  }
}
