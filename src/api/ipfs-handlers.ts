// What the JSON routes of IPFS do: one thin line each, as in handlers.ts.

import type { JsonHandlers } from './handlers.ts'
import type { IpfsServices } from './ipfs-services.ts'
import type { JsonRouteKey } from './routes.ts'

export type IpfsKey = Extract<JsonRouteKey, `${string} /api/ipfs${string}`>

export function createIpfsHandlers(ipfs: IpfsServices): Pick<JsonHandlers, IpfsKey> {
  return {
    'GET /api/ipfs': () => ipfs.status(),
    'GET /api/ipfs/jobs': () => ({ jobs: [...ipfs.jobs()] }),
    'POST /api/ipfs/jobs': ({ body }) => ipfs.add(body),
    'GET /api/ipfs/jobs/:id': ({ params }) => ipfs.job(params.id),
    'POST /api/ipfs/jobs/:id/cancel': ({ params }) => ipfs.cancel(params.id),
  }
}
