// Calls about communities.

import type { Community, ExportLine } from '../api/community-schemas.ts'
import { createAdmissionCalls } from './admission.ts'
import type { CommunityCalls } from './community-types.ts'
import { exportLines } from './export.ts'
import type { Http } from './http.ts'
import { callSlowTimeoutMs } from './limits.ts'
import { type Subject, watch } from './watch.ts'

export function createCommunityCalls(http: Http): CommunityCalls {
  return {
    ...createWholeCalls(http),
    ...createMemberCalls(http),
    ...createInviteCalls(http),
    ...createAdmissionCalls(http),
    ...createLogCalls(http),
  }
}

type Whole = 'list' | 'get' | 'found' | 'join' | 'keep' | 'change' | 'changeSelf' | 'leave' | 'forget' | 'watch'
type Members = 'members' | 'setRole' | 'removeMember' | 'removeDevice' | 'roles' | 'defineRole' | 'presence'
type Invites = 'invites' | 'invite' | 'revokeInvite' | 'keepLink' | 'keepers' | 'addKeeper' | 'removeKeeper'
type LogCalls = 'activity' | 'sync' | 'verify' | 'export'

function createWholeCalls(http: Http): Pick<CommunityCalls, Whole> {
  const slow = { timeoutMs: callSlowTimeoutMs }
  const subjectOf = (id: string): Subject<Community> => ({
    read: (options) => http.read('GET /api/communities/:id', { params: { id }, ...options }),
    changeOf(event) {
      if (event.type === 'community' && event.community.id === id) return event.community
      return event.type === 'community-removed' && event.id === id ? 'removed' : undefined
    },
    isLast: () => false,
  })
  return {
    async list(options) {
      return (await http.call('GET /api/communities', options)).communities
    },
    get: (id, options) => http.call('GET /api/communities/:id', { params: { id }, ...options }),
    found: (request, options) => http.call('POST /api/communities', { body: request, ...options }),
    join: (request, options) => http.call('POST /api/communities/join', { body: request, ...slow, ...options }),
    keep: (request, options) => http.call('POST /api/communities/keep', { body: request, ...slow, ...options }),
    change: (id, patch, options) =>
      http.call('PATCH /api/communities/:id', { params: { id }, body: patch, ...options }),
    changeSelf: (id, patch, options) =>
      http.call('PATCH /api/communities/:id/self', { params: { id }, body: patch, ...options }),
    leave: (id, options) => http.call('POST /api/communities/:id/leave', { params: { id }, ...options }),
    forget: (id, options) => http.call('DELETE /api/communities/:id', { params: { id }, ...options }),
    watch: (id, options) => watch(http, subjectOf(id), options),
  }
}

function createMemberCalls(http: Http): Pick<CommunityCalls, Members> {
  return {
    async members(id, options) {
      return (await http.call('GET /api/communities/:id/members', { params: { id }, ...options })).members
    },
    setRole: (id, person, role, options) =>
      http.call('PATCH /api/communities/:id/members/:person', { params: { id, person }, body: { role }, ...options }),
    removeMember: (id, person, options) =>
      http.call('DELETE /api/communities/:id/members/:person', { params: { id, person }, ...options }),
    removeDevice: (id, device, options) =>
      http.call('DELETE /api/communities/:id/devices/:device', { params: { id, device }, ...options }),
    async roles(id, options) {
      return (await http.call('GET /api/communities/:id/roles', { params: { id }, ...options })).roles
    },
    async defineRole(id, role, options) {
      return (await http.call('PUT /api/communities/:id/roles', { params: { id }, body: role, ...options })).roles
    },
    async presence(id, options) {
      return (await http.call('GET /api/communities/:id/presence', { params: { id }, ...options })).presence
    },
  }
}

function createInviteCalls(http: Http): Pick<CommunityCalls, Invites> {
  return {
    async invites(id, options) {
      return (await http.call('GET /api/communities/:id/invites', { params: { id }, ...options })).invites
    },
    invite: (id, request = {}, options) =>
      http.call('POST /api/communities/:id/invites', { params: { id }, body: request, ...options }),
    revokeInvite: (id, invite, options) =>
      http.call('DELETE /api/communities/:id/invites/:invite', { params: { id, invite }, ...options }),
    async keepLink(id, options) {
      return (await http.call('GET /api/communities/:id/keep-link', { params: { id }, ...options })).link
    },
    async keepers(id, options) {
      return (await http.call('GET /api/communities/:id/keepers', { params: { id }, ...options })).keepers
    },
    addKeeper: (id, keeper, options) =>
      http.call('POST /api/communities/:id/keepers', { params: { id }, body: keeper, ...options }),
    removeKeeper: (id, peer, options) =>
      http.call('DELETE /api/communities/:id/keepers/:peer', { params: { id, peer }, ...options }),
  }
}

function createLogCalls(http: Http): Pick<CommunityCalls, LogCalls> {
  return {
    activity: (id, { before, limit, ...options } = {}) =>
      http.call('GET /api/communities/:id/activity', { params: { id }, query: { before, limit }, ...options }),
    sync: (id, options) => http.call('GET /api/communities/:id/sync', { params: { id }, ...options }),
    verify: (id, options) =>
      http.call('POST /api/communities/:id/verify', { params: { id }, timeoutMs: callSlowTimeoutMs, ...options }),
    export: (id, options) => exportLines<ExportLine>(http, 'GET /api/communities/:id/export', id, options),
  }
}
