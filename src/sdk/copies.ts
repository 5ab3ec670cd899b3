// Calls about copies.

import type { CopiesCalls } from './copies-types.ts'
import type { Http } from './http.ts'

export function createCopiesCalls(http: Http): CopiesCalls {
  return {
    get: (options) => http.call('GET /api/copies', options),
    set: (share, copies, options) =>
      http.call('PUT /api/copies/shares/:id', { params: { id: share }, body: { copies }, ...options }),
    agree: (request, options) => http.call('POST /api/copies/agreements', { body: request, ...options }),
    end: (person, options) => http.call('DELETE /api/copies/agreements/:person', { params: { person }, ...options }),
  }
}
