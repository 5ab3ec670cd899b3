// What the JSON routes of copies do: one thin line each, as in handlers.ts.

import type { CopiesServices } from './copies-services.ts'
import type { JsonHandlers } from './handlers.ts'
import type { JsonRouteKey } from './routes.ts'

export type CopiesKey = Extract<JsonRouteKey, `${string} /api/copies${string}`>

export function createCopiesHandlers(copies: CopiesServices): Pick<JsonHandlers, CopiesKey> {
  return {
    'GET /api/copies': () => copies.all(),
    'PUT /api/copies/shares/:id': ({ params, body }) => copies.set(params.id, body.copies),
    'POST /api/copies/agreements': ({ body }) => copies.agree(body),
    'DELETE /api/copies/agreements/:person': async ({ params }) => {
      await copies.end(params.person)
      return undefined
    },
  }
}
