// GET and HEAD of a file's bytes, with ranges, for players and downloads.
//
//   services.file (size, type) ─► range ─► services.openFile ─► the socket, as fast as it takes
//
// Bytes of a transfer may still be on their way, so the head waits a moment for the first of them: what fails at once
// is answered with a problem; later failures can only cut the connection, which the announced length makes visible.
// What must stay true: memory is a few blocks a stream whatever the file's size; a reader that goes away ends the work.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { toPeerhoodError } from '../base/errors.ts'
import { parseRange } from '../base/http-range.ts'
import type { Clock, Log, Metrics } from '../base/ports.ts'
import { apiErrors } from './errors.ts'
import { contentHeaders, pdfHeaders } from './headers.ts'
import { contentHeadWaitMs, contentStreamsMax } from './limits.ts'
import { mediaOf } from './media.ts'

import type { DaemonServices } from './services.ts'

export type ContentOf = { readonly share: string } | { readonly transfer: string }

export interface ContentRequest {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly of: ContentOf
  readonly path: string
  readonly download: boolean
  readonly signal: AbortSignal
}

export interface ContentServer {
  /** Takes the response over; rejects only while nothing has been sent. */
  serve(request: ContentRequest): Promise<void>
}

interface ContentParts {
  readonly services: Pick<DaemonServices, 'file' | 'openFile'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export function createContentServer({ services, clock, log, metrics }: ContentParts): ContentServer {
  let streams = 0

  async function serve(request: ContentRequest): Promise<void> {
    const { incoming, outgoing, of, path, signal } = request
    const file = await services.file(of, path)
    const range = rangeOf(incoming, file.bytes)
    const head = headOf(range, file.bytes, path, request.download)
    if (incoming.method === 'HEAD' || range.start === range.end) {
      outgoing.writeHead(head.status, head.headers).end()
      return
    }
    await counted(async () => {
      const chunks = services.openFile(of, path, range, { signal })[Symbol.asyncIterator]()
      try {
        const first = await firstChunk(chunks)
        outgoing.writeHead(head.status, head.headers).flushHeaders()
        const body = chunksFrom(first, chunks, (error) => {
          if (!signal.aborted) warn(error)
        })
        await send(body, outgoing, signal)
      } finally {
        // Here, and not where they are read: an answer that was closed before is never begun.
        await chunks.return?.()
      }
    })
  }

  function warn(error: unknown): void {
    log.warn('content_broke_off', { reason: toPeerhoodError(error).code })
  }

  async function counted(work: () => Promise<void>): Promise<void> {
    if (streams >= contentStreamsMax) {
      throw apiErrors.too_many_streams(`${contentStreamsMax} files are being read already.`)
    }
    streams += 1
    metrics.gauge('api_content_streams', streams)
    try {
      await work()
    } finally {
      streams -= 1
      metrics.gauge('api_content_streams', streams)
    }
  }

  /** The first chunk, or the promise of it once `contentHeadWaitMs` have passed. */
  async function firstChunk(chunks: Chunks): Promise<{ readonly next: Promise<IteratorResult<Uint8Array>> }> {
    const next = chunks.next()
    // When the caller leaves before the stream starts, nobody else would hear of a failure.
    next.catch(() => undefined)
    const late = Promise.withResolvers<void>()
    const cancel = clock.after(contentHeadWaitMs, late.resolve)
    try {
      await Promise.race([next, late.promise])
      return { next }
    } finally {
      cancel()
    }
  }

  return { serve }
}

type Chunks = AsyncIterator<Uint8Array>

async function* chunksFrom(
  first: { readonly next: Promise<IteratorResult<Uint8Array>> },
  chunks: Chunks,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let item = await first.next; item.done !== true; item = await chunks.next()) yield item.value
  } catch (error) {
    onError(error)
    throw error
  }
}

async function send(body: AsyncIterable<Uint8Array>, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    // A highWaterMark of 1: the next block is asked for when the socket has taken the last one.
    await pipeline(Readable.from(body, { objectMode: true, highWaterMark: 1 }), outgoing, { signal })
  } catch {
    // The source broke (told above), or the reader left, as players do whenever they seek.
    outgoing.destroy()
  }
}

interface ByteRange {
  readonly start: number
  readonly end: number
  readonly isPart: boolean
}

/** The bytes asked for. Throws `range_unsatisfiable`. */
function rangeOf(incoming: IncomingMessage, bytes: number): ByteRange {
  // RFC 9110 §13.1.5: we give no validator, so nothing can match an If-Range, and its range is ignored.
  const header = incoming.headers['if-range'] === undefined ? incoming.headers.range : undefined
  const verdict = parseRange(header, bytes)
  if (verdict.type === 'unsatisfiable') {
    throw apiErrors.range_unsatisfiable('The range lies outside the file.', { details: { bytes } })
  }
  if (verdict.type === 'whole') return { start: 0, end: bytes, isPart: false }
  return { start: verdict.start, end: verdict.end, isPart: true }
}

function headOf(range: ByteRange, bytes: number, path: string, download: boolean) {
  const media = mediaOf(path)
  const headers: Record<string, string | number> = {
    ...(media.type === 'application/pdf' ? pdfHeaders : contentHeaders),
    'content-type': media.type,
    'content-length': range.end - range.start,
    'content-disposition': dispositionOf(path, media.inline && !download),
    'accept-ranges': 'bytes',
  }
  if (range.isPart) headers['content-range'] = `bytes ${range.start}-${range.end - 1}/${bytes}`
  return { status: range.isPart ? 206 : 200, headers }
}

/** RFC 6266 with the name in RFC 8187 form: percent-encoded UTF-8, so that no name can break out of the header. */
function dispositionOf(path: string, inline: boolean): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toWellFormed()
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${inline ? 'inline' : 'attachment'}; filename*=UTF-8''${encoded}`
}
