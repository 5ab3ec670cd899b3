// Calls about how people and devices come into communities: codes, requests, own devices.

import type { CommunityCalls, DeviceCalls } from './community-types.ts'
import type { Http } from './http.ts'
import { callSlowTimeoutMs } from './limits.ts'

type Codes = 'codes' | 'openCode' | 'cancelCode' | 'enter'
type Requests = 'requestLink' | 'requests' | 'decide' | 'ask' | 'asks' | 'cancelAsk'

export function createAdmissionCalls(http: Http): Pick<CommunityCalls, Codes | Requests> {
  return { ...createCodeCalls(http), ...createRequestCalls(http) }
}

function createCodeCalls(http: Http): Pick<CommunityCalls, Codes> {
  return {
    async codes(id, options) {
      return (await http.call('GET /api/communities/:id/codes', { params: { id }, ...options })).codes
    },
    openCode: (id, request = {}, options) =>
      http.call('POST /api/communities/:id/codes', { params: { id }, body: request, ...options }),
    cancelCode: (id, nameplate, options) =>
      http.call('DELETE /api/communities/:id/codes/:nameplate', {
        params: { id, nameplate: String(nameplate) },
        ...options,
      }),
    enter: (request, options) =>
      http.call('POST /api/communities/enter', { body: request, timeoutMs: callSlowTimeoutMs, ...options }),
  }
}

function createRequestCalls(http: Http): Pick<CommunityCalls, Requests> {
  return {
    async requestLink(id, options) {
      return (await http.call('GET /api/communities/:id/request-link', { params: { id }, ...options })).link
    },
    async requests(id, options) {
      return (await http.call('GET /api/communities/:id/requests', { params: { id }, ...options })).requests
    },
    decide: (id, device, decision, options) =>
      http.call('POST /api/communities/:id/requests/:device', { params: { id, device }, body: decision, ...options }),
    ask: (request, options) => http.call('POST /api/communities/ask', { body: request, ...options }),
    async asks(options) {
      return (await http.call('GET /api/asks', options)).asks
    },
    cancelAsk: (id, options) => http.call('DELETE /api/asks/:id', { params: { id }, ...options }),
  }
}

export function createDeviceCalls(http: Http): DeviceCalls {
  return {
    async list(options) {
      return (await http.call('GET /api/devices', options)).devices
    },
    async codes(options) {
      return (await http.call('GET /api/devices/codes', options)).codes
    },
    openCode: (request = {}, options) => http.call('POST /api/devices/codes', { body: request, ...options }),
    cancelCode: (nameplate, options) =>
      http.call('DELETE /api/devices/codes/:nameplate', { params: { nameplate: String(nameplate) }, ...options }),
    join: (request, options) =>
      http.call('POST /api/devices/join', { body: request, timeoutMs: callSlowTimeoutMs, ...options }),
  }
}
