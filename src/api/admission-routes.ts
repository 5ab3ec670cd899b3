// The routes of codes, requests and own devices: rows of the table in routes.ts. A code is named by its number, so that
// its words stand in no path.

import {
  applicantsSchema,
  askRequestSchema,
  askSchema,
  asksSchema,
  codeRequestSchema,
  codeSchema,
  codesSchema,
  decisionRequestSchema,
  deviceCodeRequestSchema,
  deviceJoinedSchema,
  deviceJoinRequestSchema,
  enterRequestSchema,
  ownDevicesSchema,
  requestLinkSchema,
} from './admission-schemas.ts'
import { communitySchema } from './community-schemas.ts'
import { joinTimeoutMs } from './limits.ts'
import { route } from './route.ts'

export const admissionRoutes = {
  'GET /api/communities/:id/codes': route({
    kind: 'json',
    id: 'codes',
    summary: 'Spoken codes that are open for a community',
    status: 200,
    response: codesSchema,
  }),
  'POST /api/communities/:id/codes': route({
    kind: 'json',
    id: 'openCode',
    summary: 'Make a code to say aloud, which lets one person in within ten minutes',
    status: 201,
    request: codeRequestSchema,
    response: codeSchema,
  }),
  'DELETE /api/communities/:id/codes/:nameplate': route({
    kind: 'json',
    id: 'cancelCode',
    summary: 'End a code',
    status: 204,
  }),
  'POST /api/communities/enter': route({
    kind: 'json',
    id: 'enterCommunity',
    summary: 'Come in by a code that somebody nearby says; waits until the community’s log is here',
    status: 201,
    request: enterRequestSchema,
    response: communitySchema,
    timeoutMs: joinTimeoutMs,
  }),

  'GET /api/communities/:id/request-link': route({
    kind: 'json',
    id: 'requestLink',
    summary: 'The link with which others ask to be let in; it holds no secret',
    status: 200,
    response: requestLinkSchema,
  }),
  'GET /api/communities/:id/requests': route({
    kind: 'json',
    id: 'requests',
    summary: 'Who asks to be let in, and who is blocked',
    status: 200,
    response: applicantsSchema,
  }),
  'POST /api/communities/:id/requests/:device': route({
    kind: 'json',
    id: 'decideRequest',
    summary: 'Let somebody in who asks, refuse or block them; refusing somebody who is blocked lets them ask again',
    status: 204,
    request: decisionRequestSchema,
  }),
  'POST /api/communities/ask': route({
    kind: 'json',
    id: 'askCommunity',
    summary: 'Ask to be let into a community; goes on until a member has decided, over restarts',
    status: 202,
    request: askRequestSchema,
    response: askSchema,
  }),
  'GET /api/asks': route({
    kind: 'json',
    id: 'asks',
    summary: 'What this computer asks to be let into',
    status: 200,
    response: asksSchema,
  }),
  'DELETE /api/asks/:id': route({
    kind: 'json',
    id: 'cancelAsk',
    summary: 'Ask no longer, or take an answer off the list',
    status: 204,
  }),

  'GET /api/devices': route({
    kind: 'json',
    id: 'devices',
    summary: 'The devices of this person, as the communities here know them',
    status: 200,
    response: ownDevicesSchema,
  }),
  'GET /api/devices/codes': route({
    kind: 'json',
    id: 'deviceCodes',
    summary: 'Codes that are open to add a device',
    status: 200,
    response: codesSchema,
  }),
  'POST /api/devices/codes': route({
    kind: 'json',
    id: 'openDeviceCode',
    summary: 'Make a code that makes another computer one of this person’s; whoever enters it becomes this person',
    status: 201,
    request: deviceCodeRequestSchema,
    response: codeSchema,
  }),
  'DELETE /api/devices/codes/:nameplate': route({
    kind: 'json',
    id: 'cancelDeviceCode',
    summary: 'End a code that adds a device',
    status: 204,
  }),
  'POST /api/devices/join': route({
    kind: 'json',
    id: 'joinDevice',
    summary: 'Make this computer a device of the person who shows the code; the person until now is put aside',
    status: 201,
    request: deviceJoinRequestSchema,
    response: deviceJoinedSchema,
    timeoutMs: joinTimeoutMs,
  }),
} as const
