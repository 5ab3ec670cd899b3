// Answers what other nodes ask: blocks, headers, ends of epochs, proofs, snapshots. Reads, never changes anything.

import { createTurns } from '../../base/turns.ts'
import type { Chain, Header } from '../chain/types.ts'
import { blocksOf, codeOf, proveAccount, proveReceipt, receiptsOf } from './answers.ts'
import { answerBytes, answersAtOnceMax, answersWaitingMax, blocksPerRequest, itemsPerAnswerMax } from './limits.ts'
import type { Snapshots } from './types.ts'
import type { Answer, EpochEndParts, FinalHeader, Refusal, Request } from './wire.ts'

export interface ServeParts {
  readonly chain: Chain
  readonly snapshots: Snapshots | undefined
}

export interface Server {
  answer(request: Request): Promise<Answer>
}

export function createServer({ chain, snapshots }: ServeParts): Server {
  const turn = createTurns(answersAtOnceMax)
  let waiting = 0

  async function find(request: Request): Promise<Answer | undefined> {
    switch (request.kind) {
      case 'blocks':
        return some('blocks', {
          kind: 'blocks',
          blocks: blocksOf(chain, request.from, Math.min(request.count, blocksPerRequest)),
        })
      case 'block': {
        const bytes = chain.unfinal(request.hash)?.bytes ?? chain.block(request.hash)?.bytes
        return bytes === undefined ? undefined : { kind: 'block', block: bytes }
      }
      case 'headers':
        return some('headers', { kind: 'headers', headers: headersOf(chain, request.from, request.count) })
      case 'epochs':
        return { kind: 'epochs', ends: endsOf(chain, request.from, request.count) }
      case 'snapshot': {
        const manifest = snapshots?.manifest()
        return manifest === undefined ? undefined : { kind: 'snapshot', manifest }
      }
      case 'chunk': {
        const chunk = await snapshots?.chunk(request.height, request.index)
        return chunk === undefined ? undefined : { kind: 'chunk', chunk }
      }
      case 'account': {
        const proof = await proveAccount(chain, request)
        return proof === undefined ? undefined : { kind: 'account', proof }
      }
      case 'receipt':
        return proveReceipt(chain, request.transaction)
      case 'code':
        return codeOf(chain, request)
      case 'receipts':
        return receiptsOf(chain, request.block)
    }
  }

  return {
    async answer(request) {
      if (waiting >= answersWaitingMax) return refuse('busy')
      waiting += 1
      try {
        return (await turn(() => find(request))) ?? refuse('not_here')
      } finally {
        waiting -= 1
      }
    },
  }
}

function refuse(reason: Refusal): Answer {
  return { kind: 'refuse', reason }
}

function some(key: 'blocks' | 'headers', answer: Answer): Answer | undefined {
  const items =
    key === 'blocks' && answer.kind === 'blocks' ? answer.blocks : answer.kind === 'headers' ? answer.headers : []
  return items.length === 0 ? undefined : answer
}

function headersOf(chain: Chain, from: number, count: number): readonly FinalHeader[] {
  const found: FinalHeader[] = []
  let bytes = 0
  for (let height = from; found.length < Math.min(count, itemsPerAnswerMax); height++) {
    const header = chain.header(height)
    if (header === undefined || bytes > answerBytes) break
    const certificate = chain.certificate(height) ?? new Uint8Array(0)
    bytes += header.bytes.length + certificate.length
    found.push({ header: header.bytes, certificate })
  }
  return found
}

function endsOf(chain: Chain, from: number, count: number): readonly EpochEndParts[] {
  const ends: EpochEndParts[] = []
  let bytes = 0
  for (let epoch = from; ends.length < Math.min(count, itemsPerAnswerMax); epoch++) {
    const end = chain.epochEnd(epoch)
    if (end === undefined || bytes > answerBytes) break
    const { header, certificate, next } = end
    bytes += (header satisfies Header).bytes.length + certificate.length + 20 * next.validators.length
    ends.push({ header: header.bytes, certificate, validators: next.validators })
  }
  return ends
}
