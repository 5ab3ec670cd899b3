// What the JSON routes of codes, requests and own devices do: one thin line each, as in handlers.ts.

import type { AdmissionServices, DeviceServices } from './admission-services.ts'
import type { JsonHandlers } from './handlers.ts'
import { requirePerson } from './person.ts'
import type { JsonRouteKey } from './routes.ts'
import type { DaemonServices } from './services.ts'

export type AdmissionKey =
  | Extract<JsonRouteKey, `${string} /api/communities/${'enter' | 'ask'}`>
  | Extract<JsonRouteKey, `${string} /api/communities/:id/${'codes' | 'request'}${string}`>
  | Extract<JsonRouteKey, `${string} /api/asks${string}`>
type DeviceKey = Extract<JsonRouteKey, `${string} /api/devices${string}`>

export function createAdmissionHandlers(admission: AdmissionServices): Pick<JsonHandlers, AdmissionKey> {
  return {
    'GET /api/communities/:id/codes': ({ params }) => ({ codes: [...admission.codes(params.id)] }),
    'POST /api/communities/:id/codes': ({ params, body }) => admission.openCode(params.id, body),
    'DELETE /api/communities/:id/codes/:nameplate': ({ params }) =>
      nothing(admission.cancelCode(params.id, Number(params.nameplate))),
    'POST /api/communities/enter': ({ body, signal }) => admission.enter(body, { signal }),

    'GET /api/communities/:id/request-link': async ({ params }) => ({ link: await admission.requestLink(params.id) }),
    'GET /api/communities/:id/requests': ({ params }) => ({ requests: [...admission.requests(params.id)] }),
    'POST /api/communities/:id/requests/:device': ({ params, body }) =>
      nothing(admission.decide(params.id, params.device, body)),
    'POST /api/communities/ask': ({ body }) => admission.ask(body),
    'GET /api/asks': () => ({ asks: [...admission.asks()] }),
    'DELETE /api/asks/:id': ({ params }) => nothing(admission.cancelAsk(params.id)),
  }
}

export function createDeviceHandlers(
  devices: DeviceServices,
  identity: DaemonServices['identity'],
): Pick<JsonHandlers, DeviceKey> {
  return {
    'GET /api/devices': () => ({ devices: [...devices.list()] }),
    'GET /api/devices/codes': () => ({ codes: [...devices.codes()] }),
    'POST /api/devices/codes': async ({ body, isPerson }) => {
      await requirePerson(isPerson, identity)
      return devices.openCode(body)
    },
    'DELETE /api/devices/codes/:nameplate': ({ params }) => nothing(devices.cancelCode(Number(params.nameplate))),
    'POST /api/devices/join': ({ body, signal }) => devices.join(body, { signal }),
  }
}

/** For routes that answer nothing. */
async function nothing(work: Promise<void>): Promise<undefined> {
  await work
  return undefined
}
