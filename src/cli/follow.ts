// Begins a transfer and follows it to its end: what `get` and `keep` have in common. The daemon does the work; this
// shows it, gives up after `--timeout` without a byte, and on Ctrl-C leaves things so that the same command goes on.

import { PeerhoodError } from '../base/errors.ts'
import type { Peerhood, Transfer, TransferRequest } from '../sdk/types.ts'
import { type CliContext, type CommonOptions, printJson, progressOf } from './context.ts'
import { cliErrors } from './errors.ts'
import type { Progress } from './progress-core.ts'
import { shortId } from './text.ts'

export interface FollowOptions extends CommonOptions {
  /** Seconds without a byte after which to give up; undefined: never. */
  readonly timeout?: number
}

/** Ends when the transfer is done; throws its problem, `nobody_has_it`, `transfer_cancelled` or `interrupted`. */
export async function followTransfer(
  context: CliContext,
  request: TransferRequest,
  options: FollowOptions,
): Promise<Transfer> {
  const daemon = await context.daemon()
  const begun = await begin(context, daemon, request)
  const patience = createPatience(options.timeout)
  const progress = progressOf(context, options)
  const signal = AbortSignal.any([context.signal, patience.signal])
  let last = begun
  try {
    for await (const transfer of daemon.transfers.watch(begun.id, { signal })) {
      last = transfer
      patience.saw(transfer)
      progress.update(transferProgress(transfer))
      if (options.json && transfer.state !== 'done') printJson(context, progressToJson(transfer))
    }
  } finally {
    patience.done()
    progress.clear()
  }
  return conclude(context, daemon, last, patience)
}

/** A transfer that is paused or failed from an earlier time goes on. */
async function begin(context: CliContext, daemon: Peerhood, request: TransferRequest): Promise<Transfer> {
  const { signal } = context
  const transfer = await daemon.transfers.add(request, { signal })
  const waits = transfer.state === 'paused' || transfer.state === 'failed'
  return waits ? daemon.transfers.resume(transfer.id, { signal }) : transfer
}

async function conclude(context: CliContext, daemon: Peerhood, last: Transfer, patience: Patience): Promise<Transfer> {
  if (last.state === 'done') return last
  if (last.state === 'failed') throw problemOf(last)
  if (last.state === 'cancelled') throw cliErrors.transfer_cancelled('The transfer was cancelled.')
  if (!context.signal.aborted && !patience.signal.aborted) {
    throw cliErrors.daemon_ended('The daemon ended while the transfer was under way.')
  }
  const left = await leave(daemon, last.id)
  if (context.signal.aborted) throw cliErrors.interrupted(`It was interrupted; ${left}`)
  const missing =
    last.bytesDone > 0 ? 'Those who have it left before all of it was here' : 'Nobody who has it was found'
  throw cliErrors.nobody_has_it(`${missing} (waited ${patience.seconds} s); ${left}`, {
    details: { transfer: last.id, bytes: last.bytes, bytesDone: last.bytesDone },
  })
}

/** Pauses what has begun to arrive; what has not leaves no trace. Says what it did. */
async function leave(daemon: Peerhood, id: string): Promise<string> {
  const held = await daemon.transfers.pause(id)
  if (held.bytesDone > 0) return `what has arrived is kept (transfer ${shortId(id)}).`
  await daemon.transfers.cancel(id)
  await daemon.transfers.remove(id)
  return 'nothing had arrived yet.'
}

function problemOf(transfer: Transfer): Error {
  const { problem } = transfer
  if (problem === null) return cliErrors.transfer_failed('The transfer failed.')
  return new PeerhoodError(problem.code, { kind: problem.kind, hint: problem.hint }, problem.sentence)
}

interface Patience {
  readonly seconds: number | undefined
  /** Aborts when no byte came for `seconds`. */
  readonly signal: AbortSignal
  saw(transfer: Transfer): void
  done(): void
}

function createPatience(seconds: number | undefined): Patience {
  const controller = new AbortController()
  let bytes = 0
  let timer: NodeJS.Timeout | undefined
  const restart = () => {
    clearTimeout(timer)
    if (seconds !== undefined) timer = setTimeout(() => controller.abort(), seconds * 1000)
  }
  restart()
  return {
    seconds,
    signal: controller.signal,
    saw(transfer) {
      if (transfer.bytesDone === bytes) return
      bytes = transfer.bytesDone
      restart()
    },
    done: () => clearTimeout(timer),
  }
}

function transferProgress(transfer: Transfer): Progress {
  const fetching = transfer.state === 'transferring'
  return {
    label: transfer.name ?? shortId(transfer.shareId),
    done: transfer.bytesDone,
    total: fetching ? transfer.bytes : 0,
    bytesPerSecond: transfer.bytesPerSecond,
    secondsLeft: transfer.secondsLeft ?? undefined,
    peers: transfer.peers.length,
    sentence: transfer.sentence,
  }
}

function progressToJson(transfer: Transfer): Record<string, unknown> {
  const { id, state, bytes, bytesDone, bytesReused, files, filesDone, bytesPerSecond, secondsLeft, sentence } = transfer
  const figures = { bytes, bytesDone, bytesReused, files, filesDone, bytesPerSecond, secondsLeft }
  return { event: 'progress', id, state, ...figures, peers: transfer.peers.length, sentence }
}

/** What the last line of `--json` says. `bytesIn`: of the content, what came over the network. */
export function doneToJson(transfer: Transfer): Record<string, unknown> {
  const { id, shareId, name, kind, bytes, bytesReused, files, blocks, seconds, path } = transfer
  const bytesIn = bytes - bytesReused
  return { event: 'done', id, shareId, name, kind, bytes, seconds, path, files, blocks, bytesReused, bytesIn }
}
