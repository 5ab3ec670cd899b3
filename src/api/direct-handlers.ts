// What the JSON routes of direct conversations do: one thin line each, as in handlers.ts.

import type { DirectServices } from './direct-services.ts'
import type { JsonHandlers } from './handlers.ts'
import type { JsonRouteKey } from './routes.ts'

export type DirectKey = Extract<JsonRouteKey, `${string} /api/direct${string}`>

export function createDirectHandlers(direct: DirectServices): Pick<JsonHandlers, DirectKey> {
  return {
    'GET /api/direct': () => ({ conversations: [...direct.conversations()] }),
    'GET /api/direct/contact': () => direct.contact(),
    'PATCH /api/direct/contact': ({ body }) => direct.changeContact(body),
    'POST /api/direct/contact/renew': () => direct.renewContact(),

    'GET /api/direct/requests': () => ({ requests: [...direct.requests()] }),
    'POST /api/direct/requests/:id/accept': ({ params, body }) => direct.accept(params.id, body),
    'POST /api/direct/requests/:id/refuse': ({ params }) => nothing(direct.refuse(params.id)),

    'GET /api/direct/asks': () => ({ asks: [...direct.asks()] }),
    'POST /api/direct/asks': ({ body }) => direct.ask(body),
    'DELETE /api/direct/asks/:id': ({ params }) => nothing(direct.cancel(params.id)),

    'GET /api/direct/blocked': () => ({ blocked: [...direct.blocked()] }),
    'PUT /api/direct/blocked/:person': ({ params }) => direct.block(params.person),
    'DELETE /api/direct/blocked/:person': ({ params }) => nothing(direct.unblock(params.person)),
  }
}

/** For routes that answer nothing. */
async function nothing(work: Promise<void>): Promise<undefined> {
  await work
  return undefined
}
