// Reads an export line by line. What must stay true: a line is yielded whole or not at all, and an iteration that ends
// without an error has seen the line that says that all is there.

import { sdkErrors } from './errors.ts'
import type { Http } from './http.ts'
import { exportLineCharsMax } from './limits.ts'
import { errorOfFailure } from './problems.ts'
import type { CallOptions } from './types.ts'

type ExportKey = 'GET /api/communities/:id/export' | 'GET /api/communities/:id/ledger/export'
interface AnyLine {
  readonly type: string
  readonly lines?: number
}

export async function* exportLines<Line extends AnyLine>(
  http: Http,
  key: ExportKey,
  id: string,
  options: CallOptions = {},
): AsyncGenerator<Line, void> {
  const response = await http.send(key, { params: { id }, ...options })
  let lines = 0
  let last: AnyLine | undefined
  for await (const text of readLines(http, response, options.signal)) {
    last = parseLine(text)
    yield last as Line
    lines += 1
  }
  if (last?.type === 'end' && last.lines === lines - 1) return
  throw sdkErrors.export_cut_off(`The export broke off after ${lines} lines.`, { details: { id, lines } })
}

async function* readLines(
  http: Http,
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done) return
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      if (rest.length > exportLineCharsMax) throw sdkErrors.answer_malformed('A line of the export has no end.')
      yield* parts
    }
  } catch (error) {
    throw errorOfFailure(error, http.url, signal)
  } finally {
    // Whoever stops early does not leave the daemon writing.
    await reader?.cancel().catch(() => undefined)
  }
}

function parseLine(text: string): AnyLine {
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line === 'object' && line !== null && 'type' in line) return line as AnyLine
  } catch {
    // Falls through: not ours.
  }
  throw sdkErrors.answer_malformed('A line of the export is not what a Peerhood daemon sends.')
}
