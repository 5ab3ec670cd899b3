// Calls about shares.

import type { Share } from '../api/schemas.ts'
import { PeerhoodError } from '../base/errors.ts'
import { sdkErrors } from './errors.ts'
import type { Http } from './http.ts'
import type { ShareCalls } from './types.ts'
import { type Subject, waitForLast, watch } from './watch.ts'

export function createShareCalls(http: Http): ShareCalls {
  const get: ShareCalls['get'] = (id, options) => http.call('GET /api/shares/:id', { params: { id }, ...options })

  const subjectOf = (id: string, isLast: (share: Share) => boolean): Subject<Share> => ({
    read: (options) => http.read('GET /api/shares/:id', { params: { id }, ...options }),
    changeOf(event) {
      if (event.type === 'share' && event.share.id === id) return event.share
      return event.type === 'share-removed' && event.id === id ? 'removed' : undefined
    },
    isLast,
  })

  return {
    get,
    async list(options) {
      return (await http.call('GET /api/shares', options)).shares
    },
    add: (request, options) => http.call('POST /api/shares', { body: request, ...options }),
    remove: (id, options) => http.call('DELETE /api/shares/:id', { params: { id }, ...options }),
    files: (id, { offset, limit, ...options } = {}) =>
      http.call('GET /api/shares/:id/files', { params: { id }, query: { offset, limit }, ...options }),
    watch: (id, options) => watch(http, subjectOf(id, never), options),
    async ready(id, options) {
      const gone = () => sdkErrors.share_gone('The share was removed.', { details: { id } })
      const share = await waitForLast(http, subjectOf(id, isSettled), gone, options)
      if (share.state === 'failed') throw errorOfShare(share)
      return share
    },
  }
}

const never = () => false

function isSettled(share: Share): boolean {
  return share.state === 'ready' || share.state === 'failed'
}

function errorOfShare(share: Share): PeerhoodError {
  const { problem } = share
  if (problem === null) return sdkErrors.share_failed('Sharing failed.', { details: { id: share.id } })
  // What can go wrong with a share on its own computer is that computer's disk, so the kind is `local`.
  const definition = { kind: 'local', hint: problem.hint } as const
  return new PeerhoodError(problem.code, definition, problem.sentence, { details: { id: share.id } })
}
