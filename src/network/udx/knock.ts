// Sending again and again, and to many ports, until somebody answers.

import type { Cancel, Clock } from '../../base/ports.ts'
import { guessesPerTick, guessTickMs, helloPausesMs } from './limits.ts'
import type { UdxAddress, UdxSocket } from './native.ts'
import type { Guess, Punch } from './types.ts'

export type Send = (socket: UdxSocket, to: UdxAddress) => void

/** Now and after each pause, the last one again and again. */
export function repeat(clock: Clock, send: () => void): Cancel {
  let turn = 0
  let cancel: Cancel = () => {}
  const next = () => {
    send()
    const pauseMs = helloPausesMs[Math.min(turn, helloPausesMs.length - 1)] ?? 0
    turn += 1
    cancel = clock.after(pauseMs, next)
  }
  next()
  return () => cancel()
}

/** How many sockets a punch takes besides the one that listens. */
export function socketsOf({ sockets, guess }: Punch): number {
  return guess?.perSocket === undefined ? sockets : Math.ceil(guess.ports.length / guess.perSocket)
}

export interface Knock {
  readonly clock: Clock
  readonly listening: UdxSocket
  readonly spare: readonly UdxSocket[]
  readonly toTarget: Send
  readonly toGuess: Send
}

/** Sends to every target from the listening socket, from the spare ones to the first; and to guessed ports. */
export function knock({ targets, guess }: Punch, { clock, listening, spare, toTarget, toGuess }: Knock): Cancel {
  const [first] = targets
  const senders = guess?.perSocket === undefined ? spare : []
  // First, because foreseen ports are those that come next.
  const stopGuessing = guess === undefined ? () => {} : guessPorts(clock, guess, listening, spare, toGuess)
  const stop = repeat(clock, () => {
    for (const target of targets) toTarget(listening, target)
    if (first !== undefined) for (const socket of senders) toTarget(socket, first)
  })
  return () => {
    stop()
    stopGuessing()
  }
}

function guessPorts(
  clock: Clock,
  { host, ports, perSocket }: Guess,
  listening: UdxSocket,
  spare: readonly UdxSocket[],
  send: Send,
): Cancel {
  // Foreseen ports are few, and nothing else may be sent between.
  const perTick = perSocket === undefined ? guessesPerTick : ports.length
  const socketAt = (at: number) => (perSocket === undefined ? undefined : spare[Math.floor(at / perSocket)])
  let at = 0
  let cancel: Cancel = () => {}
  const next = () => {
    for (const port of ports.slice(at, at + perTick)) send(socketAt(at++) ?? listening, { host, port })
    if (at < ports.length) cancel = clock.after(guessTickMs, next)
  }
  next()
  return () => cancel()
}
