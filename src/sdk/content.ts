// Reads files of shares and transfers: where one lies (for a player), and its bytes (for a program).

import { sdkErrors } from './errors.ts'
import type { Http } from './http.ts'
import type { CallOptions, Content, ContentOf, ContentOptions, ContentUrlOptions } from './types.ts'

export function contentUrl(http: Http, of: ContentOf, path: string, options: ContentUrlOptions = {}): string {
  const query = options.download === true ? { download: '1' } : {}
  return 'share' in of
    ? http.urlOf('GET /api/shares/:id/content/*', { params: { id: of.share, path }, query })
    : http.urlOf('GET /api/transfers/:id/content/*', { params: { id: of.transfer, path }, query })
}

export async function openContent(
  http: Http,
  of: ContentOf,
  path: string,
  options: ContentOptions = {},
): Promise<Content> {
  const { start = 0, end, signal } = options
  if (start !== 0 || end !== undefined) checkRange(start, end)
  const headers = rangeHeaders(start, end)
  const rest: CallOptions = signal === undefined ? {} : { signal }
  const response =
    'share' in of
      ? await http.send('GET /api/shares/:id/content/*', { params: { id: of.share, path }, headers, ...rest })
      : await http.send('GET /api/transfers/:id/content/*', { params: { id: of.transfer, path }, headers, ...rest })
  return contentOf(response)
}

function checkRange(start: number, end: number | undefined): void {
  const isRange = Number.isSafeInteger(start) && start >= 0 && (end === undefined || Number.isSafeInteger(end))
  if (isRange && (end === undefined || end > start)) return
  throw sdkErrors.range_malformed('The range has no bytes.', { details: { start, end } })
}

/** RFC 9110 §14.1.2: both ends count, so the last byte is `end - 1`. */
function rangeHeaders(start: number, end: number | undefined): Record<string, string> {
  if (start === 0 && end === undefined) return {}
  return { range: `bytes=${start}-${end === undefined ? '' : end - 1}` }
}

function contentOf(response: Response): Content {
  const { body, headers } = response
  const bytes = Number(headers.get('content-range')?.split('/')[1] ?? headers.get('content-length') ?? Number.NaN)
  if (!Number.isSafeInteger(bytes)) throw sdkErrors.answer_malformed('The answer does not say how long the file is.')
  return {
    bytes,
    mediaType: headers.get('content-type') ?? 'application/octet-stream',
    body: body ?? new ReadableStream({ start: (controller) => controller.close() }),
  }
}
