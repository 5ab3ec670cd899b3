// The routes of copies: rows of the table in routes.ts.

import {
  agreementRequestSchema,
  agreementSchema,
  copiesRequestSchema,
  copiesSchema,
  shareCopiesSchema,
} from './copies-schemas.ts'
import { route } from './route.ts'

export const copiesRoutes = {
  'GET /api/copies': route({
    kind: 'json',
    id: 'copies',
    summary: 'Copies of own shares on other computers, who keeps some, and for whom this computer does',
    status: 200,
    response: copiesSchema,
  }),
  'PUT /api/copies/shares/:id': route({
    kind: 'json',
    id: 'setCopies',
    summary: 'Say how many copies of an own share are to be on other computers',
    status: 200,
    request: copiesRequestSchema,
    response: shareCopiesSchema,
  }),
  'POST /api/copies/agreements': route({
    kind: 'json',
    id: 'agree',
    summary: 'Agree to keep copies for a person, up to so many bytes; again: change how many',
    status: 200,
    request: agreementRequestSchema,
    response: agreementSchema,
  }),
  'DELETE /api/copies/agreements/:person': route({
    kind: 'json',
    id: 'endAgreement',
    summary: 'Keep no copies for a person any more; those that are here for them alone are deleted',
    status: 204,
  }),
} as const
