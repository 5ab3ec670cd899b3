// The routes of direct conversations: rows of the table in routes.ts. What is said in one are messages of its community.

import { communitySchema } from './community-schemas.ts'
import {
  acceptRequestSchema,
  blockedListSchema,
  blockedSchema,
  contactPatchSchema,
  contactSchema,
  conversationsSchema,
  directAskRequestSchema,
  directAskSchema,
  directAsksSchema,
  directRequestsSchema,
} from './direct-schemas.ts'
import { route } from './route.ts'

export const directRoutes = {
  'GET /api/direct': route({
    kind: 'json',
    id: 'conversations',
    summary: 'The conversations with one other person',
    status: 200,
    response: conversationsSchema,
  }),
  'GET /api/direct/contact': route({
    kind: 'json',
    id: 'contact',
    summary: 'The link with which others ask this person, and who may',
    status: 200,
    response: contactSchema,
  }),
  'PATCH /api/direct/contact': route({
    kind: 'json',
    id: 'changeContact',
    summary: 'Change who may ask, or what the link calls this person',
    status: 200,
    request: contactPatchSchema,
    response: contactSchema,
  }),
  'POST /api/direct/contact/renew': route({
    kind: 'json',
    id: 'renewContact',
    summary: 'Make a new link; those that were handed out before are good for nothing',
    status: 200,
    response: contactSchema,
  }),

  'GET /api/direct/requests': route({
    kind: 'json',
    id: 'directRequests',
    summary: 'Who asks this person',
    status: 200,
    response: directRequestsSchema,
  }),
  'POST /api/direct/requests/:id/accept': route({
    kind: 'json',
    id: 'acceptDirect',
    summary: 'Accept: the conversation opens as soon as the computers reach each other',
    status: 201,
    request: acceptRequestSchema,
    response: communitySchema,
  }),
  'POST /api/direct/requests/:id/refuse': route({
    kind: 'json',
    id: 'refuseDirect',
    summary: 'Refuse: whoever asked is told, and is not heard again for a week',
    status: 204,
  }),

  'GET /api/direct/asks': route({
    kind: 'json',
    id: 'directAsks',
    summary: 'Whom this person asks',
    status: 200,
    response: directAsksSchema,
  }),
  'POST /api/direct/asks': route({
    kind: 'json',
    id: 'askDirect',
    summary: 'Ask somebody to talk; goes on until they have answered, over restarts, for 30 days',
    status: 202,
    request: directAskRequestSchema,
    response: directAskSchema,
  }),
  'DELETE /api/direct/asks/:id': route({
    kind: 'json',
    id: 'cancelDirect',
    summary: 'Take a request back, or an answer off the list',
    status: 204,
  }),

  'GET /api/direct/blocked': route({
    kind: 'json',
    id: 'blocked',
    summary: 'Who is blocked',
    status: 200,
    response: blockedListSchema,
  }),
  'PUT /api/direct/blocked/:person': route({
    kind: 'json',
    id: 'block',
    summary: 'Block a person: their requests are refused without a word, and conversations with them rest',
    status: 200,
    response: blockedSchema,
  }),
  'DELETE /api/direct/blocked/:person': route({
    kind: 'json',
    id: 'unblock',
    summary: 'Block a person no longer; conversations go on where they were',
    status: 204,
  }),
} as const
