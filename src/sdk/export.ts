// Reads an export line by line. What must stay true: a line is yielded whole or not at all, and an iteration that ends
// without an error has seen the line that says that all is there.

import type { ExportLine } from '../api/community-schemas.ts'
import { sdkErrors } from './errors.ts'
import type { Http } from './http.ts'
import { exportLineCharsMax } from './limits.ts'
import { errorOfFailure } from './problems.ts'
import type { CallOptions } from './types.ts'

export async function* exportLines(
  http: Http,
  id: string,
  options: CallOptions = {},
): AsyncGenerator<ExportLine, void> {
  const response = await http.send('GET /api/communities/:id/export', { params: { id }, ...options })
  let lines = 0
  let last: ExportLine | undefined
  for await (const text of readLines(http, response, options.signal)) {
    last = parseLine(text)
    yield last
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

function parseLine(text: string): ExportLine {
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line === 'object' && line !== null && 'type' in line) return line as ExportLine
  } catch {
    // Falls through: not ours.
  }
  throw sdkErrors.answer_malformed('A line of the export is not what a Peerhood daemon sends.')
}
