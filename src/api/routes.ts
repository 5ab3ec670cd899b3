// Every route of the API as data. From this one table come the Hono routes (app.ts), the OpenAPI document (openapi.ts)
// and the SDK's types (src/sdk/call.ts), so the three can't disagree.
//
// Those of communities, of how one comes in, of chat, of direct conversations and of copies are in files of their own, and those that
// are loaded when somebody asks for them in late-routes.ts; all-routes.ts has them all. A key is
// "METHOD /path"; `:name` is one path segment, a trailing `*` the rest of the path. What a route does is in handlers.ts
// (JSON) or in the file that owns its kind. Nothing here may import a handler or node:*: the SDK reads
// these types in the browser.

import type { z } from 'zod'
import { admissionRoutes } from './admission-routes.ts'
import { chatRoutes } from './chat-routes.ts'
import { communityRoutes } from './community-routes.ts'
import { copiesRoutes } from './copies-routes.ts'
import { directRoutes } from './direct-routes.ts'
import { ipfsRoutes } from './ipfs-routes.ts'
import type { lateRoutes } from './late-routes.ts'
import { type RouteKind, route } from './route.ts'
import {
  connectRequestSchema,
  contentQuerySchema,
  doctorSchema,
  filesQuerySchema,
  filesSchema,
  identitySchema,
  linkRequestSchema,
  linkSchema,
  lockRequestSchema,
  notificationsSchema,
  peerSchema,
  peersSchema,
  phraseRequestSchema,
  phraseSchema,
  restoreRequestSchema,
  settingsPatchSchema,
  settingsSchema,
  shareRequestSchema,
  shareSchema,
  sharesSchema,
  statusSchema,
  transferRequestSchema,
  transferSchema,
  transfersSchema,
  uploadSchema,
} from './schemas.ts'

export const earlyRoutes = {
  'GET /api/status': route({
    kind: 'json',
    id: 'status',
    summary: 'This peer at a glance',
    status: 200,
    response: statusSchema,
  }),
  'POST /api/stop': route({
    kind: 'json',
    id: 'stop',
    summary: 'Stop the daemon in an orderly way, once this answer is out',
    status: 202,
  }),
  'GET /api/doctor': route({
    kind: 'json',
    id: 'doctor',
    summary: 'Check ports, NAT, relays, DHT, clock and disk, and say what to do',
    status: 200,
    response: doctorSchema,
  }),
  'GET /api/settings': route({
    kind: 'json',
    id: 'settings',
    summary: 'The settings',
    status: 200,
    response: settingsSchema,
  }),
  'PATCH /api/settings': route({
    kind: 'json',
    id: 'changeSettings',
    summary: 'Change some of the settings',
    status: 200,
    request: settingsPatchSchema,
    response: settingsSchema,
  }),
  'GET /api/notifications': route({
    kind: 'json',
    id: 'notifications',
    summary: 'Whether messages are shown on the desktop while no page is open',
    status: 200,
    response: notificationsSchema,
  }),
  'POST /api/notifications/test': route({
    kind: 'json',
    id: 'testNotification',
    summary: 'Show a notification on the desktop, whatever is open or switched off',
    status: 204,
  }),

  'GET /api/identity': route({
    kind: 'json',
    id: 'identity',
    summary: 'Who this peer is to others',
    status: 200,
    response: identitySchema,
  }),
  'POST /api/identity/phrase': route({
    kind: 'json',
    id: 'identityPhrase',
    summary: 'The 24-word recovery phrase: whoever reads it becomes this person',
    status: 200,
    request: phraseRequestSchema,
    response: phraseSchema,
  }),
  'POST /api/identity/restore': route({
    kind: 'json',
    id: 'identityRestore',
    summary: 'Become the person of a recovery phrase',
    status: 200,
    request: restoreRequestSchema,
    response: identitySchema,
  }),
  'POST /api/identity/lock': route({
    kind: 'json',
    id: 'identityLock',
    summary: 'Set, change or remove the passphrase of the keystore',
    status: 200,
    request: lockRequestSchema,
    response: identitySchema,
  }),

  'GET /api/peers': route({
    kind: 'json',
    id: 'peers',
    summary: 'Peers, connected and known',
    status: 200,
    response: peersSchema,
  }),
  'POST /api/peers': route({
    kind: 'json',
    id: 'connectPeer',
    summary: 'Connect to a peer by its address',
    status: 200,
    request: connectRequestSchema,
    response: peerSchema,
  }),

  'GET /api/shares': route({
    kind: 'json',
    id: 'shares',
    summary: 'What this computer offers and holds',
    status: 200,
    response: sharesSchema,
  }),
  'POST /api/shares': route({
    kind: 'json',
    id: 'addShare',
    summary: 'Share a file or folder; it is scanned afterwards',
    status: 201,
    request: shareRequestSchema,
    response: shareSchema,
  }),
  'GET /api/shares/:id': route({
    kind: 'json',
    id: 'share',
    summary: 'One share',
    status: 200,
    response: shareSchema,
  }),
  'DELETE /api/shares/:id': route({
    kind: 'json',
    id: 'removeShare',
    summary: 'Stop offering a share; its files stay, but a copy that the page uploaded goes with its last share',
    status: 204,
  }),
  'GET /api/shares/:id/files': route({
    kind: 'json',
    id: 'shareFiles',
    summary: 'Files of a share, page by page',
    status: 200,
    query: filesQuerySchema,
    response: filesSchema,
  }),
  'GET /api/shares/:id/content/*': route({
    kind: 'content',
    id: 'shareContent',
    summary: 'Bytes of a file of a share',
    status: 200,
    query: contentQuerySchema,
  }),

  'POST /api/uploads': route({
    kind: 'json',
    id: 'beginUpload',
    summary: 'Begin an upload, to be shared afterwards',
    status: 201,
    response: uploadSchema,
  }),
  'PUT /api/uploads/:id/files/*': route({
    kind: 'upload',
    id: 'uploadFile',
    summary: 'Write one file of an upload',
    status: 200,
    response: uploadSchema,
  }),
  'DELETE /api/uploads/:id': route({
    kind: 'json',
    id: 'cancelUpload',
    summary: 'Drop an upload and its files',
    status: 204,
  }),

  'POST /api/links': route({
    kind: 'json',
    id: 'inspectLink',
    summary: 'What a link says, without reaching anybody',
    status: 200,
    request: linkRequestSchema,
    response: linkSchema,
  }),

  'GET /api/transfers': route({
    kind: 'json',
    id: 'transfers',
    summary: 'Transfers, under way and ended',
    status: 200,
    response: transfersSchema,
  }),
  'POST /api/transfers': route({
    kind: 'json',
    id: 'addTransfer',
    summary: 'Fetch or keep what a link offers',
    status: 201,
    request: transferRequestSchema,
    response: transferSchema,
  }),
  'GET /api/transfers/:id': route({
    kind: 'json',
    id: 'transfer',
    summary: 'One transfer',
    status: 200,
    response: transferSchema,
  }),
  'DELETE /api/transfers/:id': route({
    kind: 'json',
    id: 'removeTransfer',
    summary: 'Take an ended transfer off the list; its files stay',
    status: 204,
  }),
  'POST /api/transfers/:id/pause': route({
    kind: 'json',
    id: 'pauseTransfer',
    summary: 'Pause a transfer',
    status: 200,
    response: transferSchema,
  }),
  'POST /api/transfers/:id/resume': route({
    kind: 'json',
    id: 'resumeTransfer',
    summary: 'Go on with a paused or failed transfer',
    status: 200,
    response: transferSchema,
  }),
  'POST /api/transfers/:id/cancel': route({
    kind: 'json',
    id: 'cancelTransfer',
    summary: 'Stop a transfer and delete what has not been finished',
    status: 200,
    response: transferSchema,
  }),
  'GET /api/transfers/:id/files': route({
    kind: 'json',
    id: 'transferFiles',
    summary: 'Files of a transfer with their progress, page by page',
    status: 200,
    query: filesQuerySchema,
    response: filesSchema,
  }),
  'GET /api/transfers/:id/content/*': route({
    kind: 'content',
    id: 'transferContent',
    summary: 'Bytes of a file of a transfer, as they arrive',
    status: 200,
    query: contentQuerySchema,
  }),

  ...communityRoutes,
  ...admissionRoutes,
  ...directRoutes,
  ...ipfsRoutes,
  ...copiesRoutes,
  ...chatRoutes,

  'GET /api/events': route({
    kind: 'events',
    id: 'events',
    summary: 'What happens, as server-sent events; resumable by Last-Event-ID',
    status: 200,
  }),
  'GET /api/openapi.json': route({
    kind: 'openapi',
    id: 'openapi',
    summary: 'This API as an OpenAPI 3.1 document',
    status: 200,
  }),
  'GET /metrics': route({
    kind: 'metrics',
    id: 'metrics',
    summary: 'Metrics in Prometheus text format',
    status: 200,
  }),
} as const

export type Routes = typeof earlyRoutes & typeof lateRoutes
export type RouteKey = keyof Routes
/** Keys of the routes of one kind. */
export type RouteKeyOf<Kind extends RouteKind> = {
  [Key in RouteKey]: Routes[Key]['kind'] extends Kind ? Key : never
}[RouteKey]
export type JsonRouteKey = RouteKeyOf<'json'>

/** Names of the `:name` segments of a path; `path` stands for a trailing `*`. */
type ParamNames<Path extends string> = Path extends `${infer Head}/${infer Tail}`
  ? ParamNames<Head> | ParamNames<Tail>
  : Path extends `:${infer Name}`
    ? Name
    : Path extends '*'
      ? 'path'
      : never
export type ParamsOf<Key extends RouteKey> = Readonly<Record<ParamNames<Key>, string>>

/** What a caller sends as JSON; undefined where a route takes nothing. */
export type BodyOf<Key extends RouteKey> = Routes[Key] extends { readonly request: infer Schema extends z.ZodType }
  ? z.input<Schema>
  : undefined
/** What a handler gets of it, defaults filled in. */
export type ParsedBodyOf<Key extends RouteKey> = Routes[Key] extends {
  readonly request: infer Schema extends z.ZodType
}
  ? z.output<Schema>
  : undefined
export type ParsedQueryOf<Key extends RouteKey> = Routes[Key] extends { readonly query: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined
/** What a caller gets; undefined where a route answers nothing. */
export type ResponseOf<Key extends RouteKey> = Routes[Key] extends { readonly response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined
