// Calls about direct conversations.

import type { DirectCalls } from './community-types.ts'
import type { Http } from './http.ts'

export function createDirectCalls(http: Http): DirectCalls {
  return {
    async list(options) {
      return (await http.call('GET /api/direct', options)).conversations
    },
    contact: (options) => http.call('GET /api/direct/contact', options),
    changeContact: (patch, options) => http.call('PATCH /api/direct/contact', { body: patch, ...options }),
    renewContact: (options) => http.call('POST /api/direct/contact/renew', options),
    async requests(options) {
      return (await http.call('GET /api/direct/requests', options)).requests
    },
    accept: (id, request, options) =>
      http.call('POST /api/direct/requests/:id/accept', { params: { id }, body: request, ...options }),
    refuse: (id, options) => http.call('POST /api/direct/requests/:id/refuse', { params: { id }, ...options }),
    async asks(options) {
      return (await http.call('GET /api/direct/asks', options)).asks
    },
    ask: (request, options) => http.call('POST /api/direct/asks', { body: request, ...options }),
    cancel: (id, options) => http.call('DELETE /api/direct/asks/:id', { params: { id }, ...options }),
    async blocked(options) {
      return (await http.call('GET /api/direct/blocked', options)).blocked
    },
    block: (person, options) => http.call('PUT /api/direct/blocked/:person', { params: { person }, ...options }),
    unblock: (person, options) => http.call('DELETE /api/direct/blocked/:person', { params: { person }, ...options }),
  }
}
