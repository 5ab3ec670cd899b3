// One ledger, run by messages: whole (full.ts) or light (light.ts). node/ledger-thread.ts runs it in a thread of its own, tests in
// theirs.
//
// Must stay true: a message from the main thread never throws out of `take`; what fails for good is told by `failed`, and the
// thread ends.

import type { Database } from '../../base/database.ts'
import type { Clock, Log, LogLevel, Metrics, Random } from '../../base/ports.ts'
import type { PeerId } from '../../network/types.ts'
import { ledgerErrors } from '../errors.ts'
import { repairsMax } from '../limits.ts'
import type { Rpc, RpcSession } from '../rpc/types.ts'
import type { Hash } from '../types.ts'
import type { LedgerNetwork, PeerName } from '../validator/types.ts'
import { openFull } from './full.ts'
import { openLight } from './light.ts'
import type { Answers, FromLedger, Head, LedgerSeed, PeerNews, Question, ToLedger } from './messages.ts'
import { messageOf } from './thrown.ts'

export interface RunParts {
  readonly clock: Clock
  readonly random: Random
  readonly database: Database
  tell(message: FromLedger): void
  /** Nothing more comes: closes what was opened, and lets the thread end. */
  end(): void
}

export interface RunningLedger {
  take(message: ToLedger): void
}

/** What a ledger is opened with. */
export interface OpenParts extends Omit<RunParts, 'end'> {
  readonly log: Log
  readonly metrics: Metrics
  readonly network: LedgerNetwork
}

/** A ledger that is open, whole or light. */
export interface OpenLedger {
  readonly genesisHash: Hash
  readonly rpc: Pick<Rpc, 'handle' | 'openSession' | 'close'>
  head(): Head
  connected(peer: PeerName): void
  disconnected(peer: PeerName): void
  received(peer: PeerName, bytes: Uint8Array): void
  heard(peer: PeerName, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'>
  answer(question: Question): Promise<Answers[Question['what']]>
  stop(): Promise<void>
}

export function runLedger(seed: LedgerSeed, parts: RunParts): RunningLedger {
  const { tell } = parts
  const log = logTo(tell)
  const repairs: string[] = []
  const sessions = new Map<number, RpcSession>()
  const open = seed.mode === 'light' ? openLight : openFull
  const network = networkTo(seed, tell)
  const opening = open(seed, { ...parts, network, log: noting(log, repairs), metrics: metricsTo(tell) })
  let opened: OpenLedger | undefined
  let isStopping = false
  opening.then(
    (ledger) => {
      opened = ledger
      tell({ type: 'ready', genesisHash: ledger.genesisHash, repairs })
      tell({ type: 'head', head: ledger.head() })
    },
    (error: unknown) => {
      tell({ type: 'failed', error: messageOf(error) })
      parts.end()
    },
  )

  async function stop(): Promise<void> {
    if (isStopping) return
    isStopping = true
    try {
      const ledger = await opening
      ledger.rpc.close()
      await ledger.stop()
    } catch (error) {
      log.error('ledger_not_stopped', { message: String(error) })
    }
    tell({ type: 'stopped' })
    parts.end()
  }

  async function ask({ id, question }: Extract<ToLedger, { type: 'ask' }>): Promise<void> {
    try {
      const value = await (await opening).answer(question)
      tell({ type: 'answer', id, value })
    } catch (error) {
      tell({ type: 'refused', id, error: messageOf(error) })
    }
  }

  async function onRpc({ id, session, caller, body }: Extract<ToLedger, { type: 'rpc' }>): Promise<void> {
    try {
      const { rpc } = await opening
      const own = session === undefined ? undefined : sessions.get(session)
      if (session !== undefined && own === undefined) throw ledgerErrors.ledger_down('The connection is over.')
      tell({ type: 'rpc-answer', id, text: await rpc.handle(body, own ?? caller) })
    } catch (error) {
      tell({ type: 'refused', id, error: messageOf(error) })
    }
  }

  async function openSession(session: number): Promise<void> {
    const { rpc } = await opening
    const own = rpc.openSession((text) => {
      tell({ type: 'rpc-note', session, text })
      return true
    })
    sessions.set(session, own)
  }

  async function closeSession(session: number): Promise<void> {
    await opening
    sessions.get(session)?.close()
    sessions.delete(session)
  }

  function onPeer(ledger: OpenLedger, message: PeerNews): void {
    const peer = message.peer as string as PeerName
    if (message.type === 'connected') ledger.connected(peer)
    else if (message.type === 'disconnected') ledger.disconnected(peer)
    else if (message.type === 'received') {
      ledger.received(peer, message.bytes)
      tell({ type: 'took', peer: message.peer, bytes: message.bytes.length })
    } else {
      const { length } = message.bytes
      ledger.heard(peer, message.bytes).then(
        (verdict) => tell({ type: 'verdict', peer: message.peer, verdict, bytes: length }),
        (error: unknown) => log.error('ledger_gossip_defect', { message: String(error) }),
      )
    }
  }

  return {
    take(message) {
      if (message.type === 'stop') void stop()
      else if (message.type === 'ask') void ask(message)
      else if (message.type === 'rpc') void onRpc(message)
      else if (message.type === 'rpc-open')
        openSession(message.session).catch(() => tell({ type: 'rpc-over', session: message.session }))
      else if (message.type === 'rpc-close') closeSession(message.session).catch(unopened)
      else if (opened !== undefined && !isStopping) onPeer(opened, message)
    },
  }
}

/** It is told by `failed`. */
function unopened(): void {}

function networkTo({ self }: LedgerSeed, tell: RunParts['tell']): LedgerNetwork {
  const id = (peer: PeerName) => peer as string as PeerId
  return {
    self: self as string as PeerName,
    send: (to, bytes) => tell({ type: 'send', to: id(to), bytes }),
    broadcast: (bytes) => tell({ type: 'broadcast', bytes }),
    blame: (peer, code, sentence) => tell({ type: 'blame', peer: id(peer), code, sentence }),
  }
}

function logTo(tell: RunParts['tell']): Log {
  const at =
    (level: LogLevel) =>
    (code: string, fields: Readonly<Record<string, unknown>> = {}) =>
      tell({ type: 'log', level, code, fields: JSON.parse(JSON.stringify(fields, plain)) })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return log
}

/** Also remembers what is warned of: while a chain is opened, that is what was repaired. */
function noting(log: Log, notes: string[]): Log {
  const noted: Log = {
    ...log,
    child: () => noted,
    warn(code, fields) {
      if (notes.length < repairsMax) notes.push(typeof fields?.sentence === 'string' ? fields.sentence : `${code}.`)
      log.warn(code, fields)
    },
  }
  return noted
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Error ? `${value.name}: ${value.message}` : value
}

function metricsTo(tell: RunParts['tell']): Metrics {
  return {
    count: (name, value = 1, labels) => tell({ type: 'count', name, value, labels }),
    gauge: (name, value, labels) => tell({ type: 'gauge', name, value, labels }),
  }
}
