// Runs a target on seeded inputs. An input that is refused in a way that was not seen before joins the corpus, so that
// later ones get deeper: the cheap half of what coverage gives. The same seed and the same code give the same runs.

import { createHash } from 'node:crypto'
import { createRandom } from '../test/sim/random.ts'
import { mutate } from './mutate.ts'
import type { Target } from './target.ts'

/** Inputs of one run that are kept to be changed further. */
const corpusMax = 512

export interface Find {
  readonly target: string
  readonly input: Uint8Array
  readonly reason: string
}

export interface Slow {
  readonly ms: number
  readonly bytes: number
}

export interface Ran {
  readonly runs: number
  readonly accepted: number
  /** Ways to refuse that were seen. */
  readonly refusals: number
  readonly find: Find | undefined
  readonly slowest: Slow
}

export interface RunOptions {
  readonly seed: string
  readonly runs: number
  /** Ms by some clock, to say which input was slowest; without it nothing is timed. */
  readonly now?: () => number
}

/** Ends at the first find. */
export async function runTarget(target: Target, { seed, runs, now = () => 0 }: RunOptions): Promise<Ran> {
  const random = createRandom(`${seed}/${target.name}`)
  const corpus = [...target.seeds()]
  if (corpus.length === 0) throw new Error(`${target.name} has no seeds`)
  const seedCount = corpus.length
  const seen = new Set<string>()
  let accepted = 0
  let slowest: Slow = { ms: 0, bytes: 0 }
  const ran = (done: number, find?: Find): Ran => ({ runs: done, accepted, refusals: seen.size, find, slowest })

  for (let run = 0; run < runs; run++) {
    const input = run < seedCount ? (corpus[run] ?? new Uint8Array(0)) : mutate(target, corpus, random)
    const startMs = now()
    try {
      const checked = target.check(input)
      const verdict = checked instanceof Promise ? await checked : checked
      if (verdict.refused === undefined) accepted++
      const sign = verdict.refused === undefined ? undefined : signOf(`${verdict.refused} ${verdict.sentence}`)
      const isNew = sign === undefined ? accepted % 64 === 1 : !seen.has(sign)
      if (sign !== undefined) seen.add(sign)
      if (isNew && corpus.length < corpusMax) corpus.push(input)
    } catch (error) {
      return ran(run + 1, { target: target.name, input, reason: reasonOf(error) })
    }
    const ms = now() - startMs
    if (ms > slowest.ms) slowest = { ms, bytes: input.length }
  }
  return ran(runs)
}

/** Sentences quote sizes, numbers and characters. */
function signOf(sentence: string): string {
  return sentence.replace(/["“`'][^"”`']*["”`']|\d+/g, '#').slice(0, 90)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What an input does: undefined when nothing is wrong. */
export async function tryInput(target: Target, input: Uint8Array): Promise<string | undefined> {
  try {
    await target.check(input)
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

/** The shortest input found that fails the same way: pieces are left out, long ones first, while it does. */
export async function shrink(target: Target, find: Find, triesMax = 4_000): Promise<Find> {
  let { input, reason } = find
  const sign = signOf(reason)
  let tries = 0
  for (let piece = Math.ceil(input.length / 2); piece >= 1; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < input.length && tries < triesMax; tries++) {
      const shorter = Buffer.concat([input.subarray(0, at), input.subarray(at + piece)])
      const why = await tryInput(target, Uint8Array.from(shorter))
      if (why !== undefined && signOf(why) === sign) {
        input = Uint8Array.from(shorter)
        reason = why
      } else at += piece
    }
  }
  return { ...find, input, reason }
}

/** The name of a find's file: the start of its digest. */
export function vectorName(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16)
}
