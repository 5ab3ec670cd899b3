// Calls about transfers.

import type { Transfer } from '../api/schemas.ts'
import { PeerhoodError } from '../base/errors.ts'
import { sdkErrors } from './errors.ts'
import type { Http } from './http.ts'
import type { TransferCalls } from './types.ts'
import { type Subject, waitForLast, watch } from './watch.ts'

export function createTransferCalls(http: Http): TransferCalls {
  const get: TransferCalls['get'] = (id, options) => http.call('GET /api/transfers/:id', { params: { id }, ...options })

  const subjectOf = (id: string): Subject<Transfer> => ({
    read: (options) => http.read('GET /api/transfers/:id', { params: { id }, ...options }),
    changeOf(event) {
      if (event.type === 'transfer' && event.transfer.id === id) return event.transfer
      return event.type === 'transfer-removed' && event.id === id ? 'removed' : undefined
    },
    isLast: (transfer) => transfer.state === 'done' || transfer.state === 'failed' || transfer.state === 'cancelled',
  })

  return {
    get,
    async list(options) {
      return (await http.call('GET /api/transfers', options)).transfers
    },
    add: (request, options) => http.call('POST /api/transfers', { body: request, ...options }),
    remove: (id, options) => http.call('DELETE /api/transfers/:id', { params: { id }, ...options }),
    pause: (id, options) => http.call('POST /api/transfers/:id/pause', { params: { id }, ...options }),
    resume: (id, options) => http.call('POST /api/transfers/:id/resume', { params: { id }, ...options }),
    cancel: (id, options) => http.call('POST /api/transfers/:id/cancel', { params: { id }, ...options }),
    files: (id, { offset, limit, ...options } = {}) =>
      http.call('GET /api/transfers/:id/files', { params: { id }, query: { offset, limit }, ...options }),
    watch: (id, options) => watch(http, subjectOf(id), options),
    async finished(id, options) {
      const gone = () => sdkErrors.transfer_gone('The transfer was removed.', { details: { id } })
      const transfer = await waitForLast(http, subjectOf(id), gone, options)
      if (transfer.state !== 'done') throw errorOfTransfer(transfer)
      return transfer
    },
  }
}

function errorOfTransfer(transfer: Transfer): PeerhoodError {
  const { id, problem } = transfer
  if (transfer.state === 'cancelled') {
    return sdkErrors.transfer_cancelled('The transfer was cancelled.', { details: { id } })
  }
  if (problem === null) return sdkErrors.transfer_failed('The transfer failed.', { details: { id } })
  return new PeerhoodError(problem.code, { kind: problem.kind, hint: problem.hint }, problem.sentence, {
    details: { id },
  })
}
