// Takes bodies and gives answers: one request after the other within a body, bodies of different callers side by side, heavy
// work in turns. One catch for everything that a method throws.

import type { FoundLog } from '../chain/types.ts'
import type { Context } from './context.ts'
import { errorText, type Request, readBody, readRequest, resultText } from './envelope.ts'
import { type ErrorAnswer, errorAnswer, limitReached, paramsWrong, RpcError, rpcCodes } from './errors.ts'
import { createFilters } from './filters.ts'
import {
  answerCharsMax,
  batchTimeMsMax,
  heavyAtOnceMax,
  requestsWaitingAllMax,
  requestsWaitingMax,
  sessionsMax,
} from './limits.ts'
import { methods } from './methods/index.ts'
import { paramsOf } from './parse.ts'
import { createPendingRing } from './pending-ring.ts'
import { createSubscriptions, logsOfEvent, type Subscriptions } from './subscriptions.ts'
import { createFairTurns } from './turns.ts'
import type { Rpc, RpcOptions, RpcParts, RpcSession } from './types.ts'

/** One who asks: a session, or all who come over HTTP. */
interface Caller {
  readonly context: Context
  waiting: number
}

export function createRpc(options: RpcOptions): (parts: RpcParts) => Rpc {
  return (parts) => createServing(options, parts)
}

function createServing(options: RpcOptions, parts: RpcParts): Rpc {
  const { chain, clock, random, log } = parts
  const turns = createFairTurns(heavyAtOnceMax)
  const ring = createPendingRing()
  const callers = new Map<RpcSession, Caller>()
  const http = createCaller(undefined)
  let waitingAll = 0

  function createCaller(subscriptions: Subscriptions | undefined): Caller {
    const filters = createFilters({ chain, clock, random, ring })
    return { context: { options, parts, chain, filters, subscriptions }, waiting: 0 }
  }

  const stopListening = chain.on((event) => {
    if (event.kind === 'pending') ring.add(event.hash)
    const logs = once(() => logsOfEvent(chain, event))
    for (const { context } of callers.values()) context.subscriptions?.tell({ event, logs })
  })

  async function run({ method: name, params }: Request & { ok: true }, caller: Caller): Promise<unknown> {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (method === undefined) {
      throw new RpcError(rpcCodes.methodUnknown, `the method ${name.slice(0, 100)} does not exist/is not available`)
    }
    if (params.length > method.paramsMax) {
      throw paramsWrong(`too many arguments, want at most ${method.paramsMax}`)
    }
    const work = async () => method.run(paramsOf(params), caller.context)
    return method.heavy === true ? turns.run(caller, work) : work()
  }

  function answerOf(thrown: unknown, method: string): ErrorAnswer {
    const { answer, isDefect } = errorAnswer(thrown)
    if (isDefect) log?.error('rpc_defect', { method, cause: thrown instanceof Error ? thrown.stack : String(thrown) })
    return answer
  }

  /** Undefined for a notification. */
  async function answer(item: unknown, caller: Caller, charsLeft: number): Promise<string | undefined> {
    const request = readRequest(item)
    if (!request.ok) return errorText(request.id, answerOf(request.error, ''))
    const { id, method } = request
    const text = await run(request, caller).then(
      (result) => resultText(id ?? null, result),
      (thrown) => errorText(id ?? null, answerOf(thrown, method)),
    )
    if (id === undefined) return undefined
    return text.length > charsLeft ? errorText(id, answerOf(tooLong(), method)) : text
  }

  async function answerBody(body: string | Uint8Array, caller: Caller): Promise<string | undefined> {
    const { isBatch, items } = readBody(body)
    const answers: string[] = []
    const endMs = clock.monotonicMs() + batchTimeMsMax
    let charsLeft = answerCharsMax
    for (const item of items) {
      // What is over a limit is not worked on either; a short answer for each is all that it still costs.
      const over = charsLeft <= 0 ? tooLong() : clock.monotonicMs() >= endMs ? tooLate() : undefined
      const text = over === undefined ? await answer(item, caller, charsLeft) : refusal(item, over)
      if (text === undefined) continue
      answers.push(text)
      charsLeft -= text.length
    }
    if (answers.length === 0) return undefined
    return isBatch ? `[${answers.join(',')}]` : answers[0]
  }

  return {
    async handle(body, session) {
      const caller = session === undefined ? http : callers.get(session)
      if (caller === undefined) return undefined
      if (caller.waiting >= requestsWaitingMax || waitingAll >= requestsWaitingAllMax) {
        return errorText(null, answerOf(limitReached('too many requests wait already; wait for their answers'), ''))
      }
      caller.waiting += 1
      waitingAll += 1
      try {
        return await answerBody(body, caller)
      } catch (thrown) {
        return errorText(null, answerOf(thrown, ''))
      } finally {
        caller.waiting -= 1
        waitingAll -= 1
      }
    },
    openSession(send) {
      if (callers.size >= sessionsMax) throw limitReached(`more than ${sessionsMax} sessions`)
      const session: RpcSession = {
        close: () => close(session),
        get closed() {
          return !callers.has(session)
        },
      }
      const sendOrClose = (text: string) => {
        const taken = send(text)
        if (!taken) close(session)
        return taken
      }
      callers.set(session, createCaller(createSubscriptions({ chain, random, send: sendOrClose })))
      return session
    },
    close() {
      stopListening()
      for (const session of [...callers.keys()]) close(session)
      http.context.filters.close()
    },
  }

  function close(session: RpcSession): void {
    const caller = callers.get(session)
    callers.delete(session)
    caller?.context.filters.close()
    caller?.context.subscriptions?.close()
  }
}

const tooLong = () => limitReached(`the answer is longer than ${answerCharsMax} characters; ask for less`)
const tooLate = () => limitReached(`the batch took longer than ${batchTimeMsMax / 1000} s; ask for less at once`)

function refusal(item: unknown, why: RpcError): string | undefined {
  const request = readRequest(item)
  return request.id === undefined ? undefined : errorText(request.id, errorAnswer(why).answer)
}

function once(make: () => readonly FoundLog[]): () => readonly FoundLog[] {
  let made: readonly FoundLog[] | undefined
  return () => {
    made ??= make()
    return made
  }
}
