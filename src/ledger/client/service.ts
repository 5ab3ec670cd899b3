// Opens a chain for those who ask it: the community's own through a function that reaches its thread, or one outside by HTTP.
//
//   viem, request() ─► turns ─► envelope ─► Exchange (thread | HTTP) ─► envelope ─► result
//
// What must stay true: nothing is asked of a chain that says another chain id than was agreed; every wait ends; no error holds
// an RPC address past its host.

import { createPublicClient, custom, defineChain, type PublicClient } from 'viem'
import { isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import { describeOutside, describeOwn } from './describe-core.ts'
import { readAnswer, writeQuestion } from './envelope-core.ts'
import { clientErrors } from './errors.ts'
import { httpExchange } from './http.ts'
import { answerBytesMax, answerTimeoutMs, questionsAtOnceMax } from './limits.ts'
import { readOutsideChain, shownAddress } from './settings-core.ts'
import type { Description, Exchange, LedgerClient, OutsideChain, OwnChain, RequestOptions } from './types.ts'

export interface ClientParts {
  readonly clock: Clock
}

/** The community's own chain. Throws `ledger_chain_mismatch` where the thread holds another one. */
export function openOwnLedger(chain: OwnChain, exchange: Exchange) {
  return (parts: ClientParts): Promise<LedgerClient> =>
    open({ chainId: chain.chainId, who: 'The ledger', exchange, describe: () => describeOwn(chain) }, parts)
}

/** An outside chain. Throws `ledger_settings_unusable`, `ledger_chain_mismatch`, `ledger_unreachable`, `ledger_silent`. */
export function openOutsideLedger(settings: OutsideChain) {
  return (parts: ClientParts & { readonly fetch?: typeof globalThis.fetch }): Promise<LedgerClient> => {
    const chain = readOutsideChain(settings)
    const exchange = httpExchange(chain.rpc, parts.fetch ?? globalThis.fetch)
    const describe = () => describeOutside(chain)
    return open({ chainId: chain.chainId, who: shownAddress(chain.rpc), exchange, describe }, parts)
  }
}

interface Opening {
  readonly chainId: number
  readonly who: string
  readonly exchange: Exchange
  readonly describe: () => Description
}

async function open(opening: Opening, parts: ClientParts): Promise<LedgerClient> {
  const client = new ChainClient(opening, parts)
  const said = await client.request('eth_chainId', [])
  if (typeof said !== 'string' || !/^0x(0|[1-9a-f][0-9a-f]{0,13})$/.test(said) || Number(said) !== opening.chainId) {
    client.close()
    const other = typeof said === 'string' && /^0x[0-9a-f]{1,13}$/.test(said) ? `chain ${Number(said)}` : 'no chain id'
    throw clientErrors.ledger_chain_mismatch(`${opening.who} answers for ${other}, not for ${opening.chainId}.`, {
      details: { expected: opening.chainId },
    })
  }
  return client
}

class ChainClient implements LedgerClient {
  readonly #opening: Opening
  readonly #clock: Clock
  readonly #turns = createTurns(questionsAtOnceMax)
  readonly #closing = new AbortController()
  readonly viem: PublicClient
  #questions = 0

  constructor(opening: Opening, { clock }: ClientParts) {
    this.#opening = opening
    this.#clock = clock
    this.viem = viemOver(this)
  }

  get chainId(): number {
    return this.#opening.chainId
  }

  get kind(): 'own' | 'outside' {
    return this.describe().kind
  }

  describe(): Description {
    return this.#opening.describe()
  }

  request(method: string, params: readonly unknown[], { signal }: RequestOptions = {}): Promise<unknown> {
    return this.#turns(() => this.#ask(method, params, signal))
  }

  close(): void {
    this.#closing.abort(clientErrors.ledger_closed('The ledger was closed.'))
  }

  async #ask(method: string, params: readonly unknown[], parent: AbortSignal | undefined): Promise<unknown> {
    const closing = this.#closing.signal
    closing.throwIfAborted()
    const { who, exchange } = this.#opening
    const silent = () => clientErrors.ledger_silent(`${who} did not answer within ${answerTimeoutMs / 1000} s.`)
    const signals = parent === undefined ? closing : AbortSignal.any([parent, closing])
    const limit = deadline(this.#clock, answerTimeoutMs, silent, signals)
    try {
      const id = ++this.#questions
      const text = await until(exchange(writeQuestion(id, method, params), { signal: limit.signal }), limit.signal)
      if (text.length > answerBytesMax) throw clientErrors.ledger_answer_too_large(`${who} answers with too much.`)
      return readAnswer(text, id)
    } catch (error) {
      throw isPeerhoodError(error) ? error : toPeerhoodError(limit.signal.aborted ? limit.signal.reason : error)
    } finally {
      limit.done()
    }
  }
}

/** Also for an exchange that does not look at its signal. */
async function until(work: Promise<string>, signal: AbortSignal): Promise<string> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function viemOver(client: ChainClient): PublicClient {
  const { name, coin, chainId } = client.describe()
  const chain = defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: coin.name, symbol: coin.symbol, decimals: 18 },
    rpcUrls: { default: { http: [] } },
  })
  const transport = custom(
    { request: ({ method, params }) => client.request(method, params ?? []).catch(toViem) },
    { retryCount: 0 },
  )
  return createPublicClient({ chain, transport, cacheTime: 0 }) as PublicClient
}

/** viem tells errors apart by the numbers of JSON-RPC. */
function toViem(error: unknown): never {
  if (!isPeerhoodError(error)) throw error
  const { rpcCode, data } = error.details
  throw Object.assign(new Error(error.message, { cause: error }), {
    code: typeof rpcCode === 'number' ? rpcCode : -32603,
    data,
  })
}
