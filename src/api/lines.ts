// JSON lines out (https://jsonlines.org), one object a line, made as fast as the caller takes them. What must stay true: a
// failure before the first line is a problem document; one after it cuts the connection, and the last line, which says
// that all is there, is missing.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { toPeerhoodError } from '../base/errors.ts'
import type { Log } from '../base/ports.ts'
import { apiErrors } from './errors.ts'
import { apiHeaders } from './headers.ts'
import { exportStreamsMax } from './limits.ts'

export const linesMediaType = 'application/x-ndjson'

export interface LinesRequest {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly lines: AsyncIterable<unknown>
  /** What a browser saves it as. */
  readonly fileName: string
  readonly signal: AbortSignal
}

export interface LinesServer {
  /** Resolves when the answer is out or broken off; rejects while nothing of it is out. */
  serve(request: LinesRequest): Promise<void>
}

export function createLinesServer({ log }: { readonly log: Log }): LinesServer {
  let streams = 0

  async function serve({ incoming, outgoing, lines, fileName, signal }: LinesRequest): Promise<void> {
    if (streams >= exportStreamsMax) {
      throw apiErrors.too_many_streams(`${exportStreamsMax} exports are being made already.`)
    }
    streams += 1
    const iterator = lines[Symbol.asyncIterator]()
    try {
      const first = await iterator.next()
      outgoing.writeHead(200, headersOf(fileName))
      if (incoming.method === 'HEAD') outgoing.end()
      else await send(textsOf(first, iterator, signal), outgoing, signal)
    } finally {
      streams -= 1
      await iterator.return?.()
    }
  }

  async function* textsOf(
    first: IteratorResult<unknown>,
    rest: AsyncIterator<unknown>,
    signal: AbortSignal,
  ): AsyncGenerator<string, void> {
    try {
      for (let item = first; item.done !== true; item = await rest.next()) yield `${JSON.stringify(item.value)}\n`
    } catch (error) {
      // Said here: once the connection is cut, the signal has aborted as if the caller had left.
      if (!signal.aborted) log.warn('export_broke_off', { reason: toPeerhoodError(error).code })
      throw error
    }
  }

  return { serve }
}

async function send(texts: AsyncIterable<string>, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    // A highWaterMark of 1: the next line is made when the socket has taken the last one.
    await pipeline(Readable.from(texts, { objectMode: true, highWaterMark: 1 }), outgoing, { signal })
  } catch {
    // The source broke (told above), or the reader left.
    outgoing.destroy()
  }
}

function headersOf(fileName: string): Record<string, string> {
  return {
    ...apiHeaders,
    'content-type': linesMediaType,
    'content-disposition': `attachment; filename="${fileName}"`,
  }
}
