// Checks signatures: a few on the calling thread, many in verify threads, which are started when first needed and let go
// when nothing has come for a while. What a thread fails to answer (it could not start, it died) is checked here.
//
//   check ──► slices ──► the thread with the least to do ──► answers ──► one list, in the order of the checks

import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import { openThread } from '../program/program.ts'
import { verifyHereMax, verifyIdleMs, verifySliceMax, verifyThreadsMax } from './limits.ts'
import { createSignatureChecker, type SignatureCheck } from './signature.ts'
import { type Answer, pack } from './verify-message.ts'

export interface Verifier {
  /** Whether each signature is right, in the order given. Never rejects. */
  check(checks: readonly SignatureCheck[]): Promise<readonly boolean[]>
  stop(): Promise<void>
}

/** Threads that make checking faster on this computer; the calling one waits for them, or has something else to do. */
function usefulThreads(): number {
  return Math.min(verifyThreadsMax, availableParallelism())
}

type Settle = (right: Uint8Array | undefined) => void

interface Thread {
  readonly worker: Worker
  readonly running: Map<number, Settle>
}

interface State {
  readonly clock: Clock
  readonly log: Log
  readonly checkHere: (check: SignatureCheck) => boolean
  /** How many there may be; 0 once one has failed. */
  threadsMax: number
  threads: Thread[]
  nextId: number
  cancelIdle: Cancel
  /** When the next slice may be checked on this thread. */
  turn: Promise<void>
}

export function createVerifier(options: {
  readonly threads?: number
}): (parts: { clock: Clock; log: Log }) => Verifier {
  return ({ clock, log }) => {
    const state: State = {
      clock,
      log,
      checkHere: createSignatureChecker(),
      threadsMax: options.threads ?? usefulThreads(),
      threads: [],
      nextId: 1,
      cancelIdle: () => {},
      turn: Promise.resolve(),
    }
    return {
      check: (checks) => check(state, checks),
      stop: () => end(state),
    }
  }
}

async function check(state: State, checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
  if (checks.length <= verifyHereMax) return checks.map(state.checkHere)
  const slices: (readonly SignatureCheck[])[] = []
  for (let start = 0; start < checks.length; start += verifySliceMax) {
    slices.push(checks.slice(start, start + verifySliceMax))
  }
  const answers = await Promise.all(slices.map((slice) => checkSlice(state, slice)))
  return answers.flat()
}

async function checkSlice(state: State, slice: readonly SignatureCheck[]): Promise<boolean[]> {
  const right = await ask(state, slice)
  if (right?.length === slice.length) return Array.from(right, (byte) => byte === 1)
  // One slice in a turn of the event loop, so that others get theirs between.
  state.turn = state.turn.then(() => new Promise((resolve) => setImmediate(resolve)))
  await state.turn
  return slice.map(state.checkHere)
}

function ask(state: State, slice: readonly SignatureCheck[]): Promise<Uint8Array | undefined> {
  const thread = leastBusy(state)
  if (thread === undefined) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const id = state.nextId++
    state.cancelIdle()
    if (thread.running.size === 0) thread.worker.ref()
    thread.running.set(id, resolve)
    const packed = pack(slice)
    thread.worker.postMessage({ id, packed }, [packed.buffer])
  })
}

function leastBusy(state: State): Thread | undefined {
  const idle = state.threads.find(({ running }) => running.size === 0)
  if (idle !== undefined) return idle
  if (state.threads.length < state.threadsMax) return start(state)
  return state.threads.toSorted((a, b) => a.running.size - b.running.size)[0]
}

// ---- the threads' life

function start(state: State): Thread {
  const worker = openThread('log/verify-thread')
  const thread: Thread = { worker, running: new Map() }
  state.threads.push(thread)
  worker.unref()
  worker.on('message', ({ id, right }: Answer) => finish(state, thread, id, right))
  worker.on('error', (error) => {
    state.log.error('verify_thread_failed', { message: String(error) })
    state.threadsMax = 0
  })
  worker.on('exit', () => {
    state.threads = state.threads.filter((other) => other !== thread)
    for (const id of [...thread.running.keys()]) finish(state, thread, id, undefined)
  })
  return thread
}

function finish(state: State, thread: Thread, id: number, right: Uint8Array | undefined): void {
  const settle = thread.running.get(id)
  thread.running.delete(id)
  if (thread.running.size === 0) thread.worker.unref()
  settle?.(right)
  if (state.threads.some(({ running }) => running.size > 0)) return
  state.cancelIdle()
  state.cancelIdle = state.clock.after(verifyIdleMs, () => void end(state))
}

async function end(state: State): Promise<void> {
  state.cancelIdle()
  const { threads } = state
  state.threads = []
  await Promise.all(threads.map(({ worker }) => worker.terminate()))
}
