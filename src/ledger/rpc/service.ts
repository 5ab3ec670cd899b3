// Takes bodies and gives answers: one request after the other within a body, bodies of different callers side by side, heavy
// work in turns. One catch for everything that a method throws.

import type { Chain, FoundLog } from '../chain/types.ts'
import type { Context, Method, Methods } from './context.ts'
import { errorText, type Request, readBody, readRequest, resultText } from './envelope.ts'
import { type ErrorAnswer, errorAnswer, limitReached, paramsWrong, RpcError, rpcCodes } from './errors.ts'
import { createFilters, type Filters } from './filters.ts'
import {
  answerCharsMax,
  batchTimeMsMax,
  heavyAtOnceMax,
  httpCallersMax,
  lightAtOnceMax,
  requestsWaitingAllMax,
  requestsWaitingMax,
  sessionsMax,
} from './limits.ts'
import { methods } from './methods/index.ts'
import { lightMethods, lightRefusal } from './methods/light.ts'
import { paramsOf } from './parse.ts'
import { createPendingRing } from './pending-ring.ts'
import type { Source } from './source.ts'
import { createSubscriptions, logsOfEvent, type Subscriptions } from './subscriptions.ts'
import { createFairTurns } from './turns.ts'
import type { LightRpcParts, Rpc, RpcOptions, RpcParts, RpcSession } from './types.ts'

/** One who asks: a session, or one of those who come over HTTP. */
interface Caller<Asked extends Source> {
  readonly context: Context<Asked>
  waiting: number
}

/** What serving one kind of chain takes beside it. */
interface Serving<Asked extends Source> {
  readonly heavyAtOnce: number
  readonly methods: Methods<Asked>
  readonly filters: () => Filters
  readonly logs: (event: Parameters<typeof logsOfEvent>[1]) => readonly FoundLog[]
  /** Why a method is not there. */
  refusal(name: string): RpcError | undefined
}

export function createRpc(options: RpcOptions): (parts: RpcParts) => Rpc {
  return (parts) => {
    const { chain, clock, random } = parts
    const ring = createPendingRing()
    const stopListening = chain.on((event) => {
      if (event.kind === 'pending') ring.add(event.hash)
    })
    const rpc = createServing<Chain>(options, parts, {
      methods,
      heavyAtOnce: heavyAtOnceMax,
      filters: () => createFilters({ chain, clock, random, ring }),
      logs: (event) => logsOfEvent(chain, event),
      refusal: () => undefined,
    })
    return {
      ...rpc,
      close() {
        stopListening()
        rpc.close()
      },
    }
  }
}

/** In light mode: the methods that need no blocks here. */
export function createLightRpc(options: RpcOptions): (parts: LightRpcParts) => Rpc {
  return (parts) =>
    createServing<Source>(options, parts, {
      methods: lightMethods,
      heavyAtOnce: lightAtOnceMax,
      filters: () => noFilters,
      logs: () => [],
      refusal: lightRefusal,
    })
}

/** No method of light mode asks them. */
const noFilters: Filters = {
  add: () => absent(),
  remove: () => absent(),
  changes: () => absent(),
  query: () => absent(),
  close() {},
}

function absent(): never {
  throw new Error('assertion failed: there are no filters in light mode')
}

function createServing<Asked extends Source>(
  options: RpcOptions,
  parts: Omit<RpcParts, 'chain'> & { readonly chain: Asked & Pick<Chain, 'on'> },
  serving: Serving<Asked>,
): Rpc {
  const { chain, clock, random, log } = parts
  const turns = createFairTurns(serving.heavyAtOnce)
  const callers = new Map<RpcSession, Caller<Asked>>()
  const http = createCaller(undefined)
  /** Those over HTTP that wait, by name. */
  const named = new Map<string, Caller<Asked>>()
  let waitingAll = 0

  function createCaller(subscriptions: Subscriptions | undefined): Caller<Asked> {
    return { context: { options, parts, chain, filters: serving.filters(), subscriptions }, waiting: 0 }
  }

  function callerOf(who: RpcSession | string | undefined): Caller<Asked> | undefined {
    if (who === undefined) return http
    if (typeof who !== 'string') return callers.get(who)
    const known = named.get(who)
    if (known !== undefined || named.size >= httpCallersMax) return known ?? http
    const caller = { context: http.context, waiting: 0 }
    named.set(who, caller)
    return caller
  }

  const stopListening = chain.on((event) => {
    const logs = once(() => serving.logs(event))
    for (const { context } of callers.values()) context.subscriptions?.tell({ event, logs })
  })

  async function run({ method: name, params }: Request & { ok: true }, caller: Caller<Asked>): Promise<unknown> {
    const method: Method<Asked> | undefined = Object.hasOwn(serving.methods, name) ? serving.methods[name] : undefined
    if (method === undefined) {
      throw (
        serving.refusal(name) ??
        new RpcError(rpcCodes.methodUnknown, `the method ${name.slice(0, 100)} does not exist/is not available`)
      )
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
  async function answer(item: unknown, caller: Caller<Asked>, charsLeft: number): Promise<string | undefined> {
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

  async function answerBody(body: string | Uint8Array, caller: Caller<Asked>): Promise<string | undefined> {
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
    async handle(body, who) {
      const caller = callerOf(who)
      if (caller === undefined) return undefined
      if (caller.waiting >= requestsWaitingMax || waitingAll >= requestsWaitingAllMax) {
        if (caller.waiting === 0 && typeof who === 'string') named.delete(who)
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
        if (caller.waiting === 0 && typeof who === 'string' && named.get(who) === caller) named.delete(who)
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
