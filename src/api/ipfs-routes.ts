// The routes of the IPFS part: rows of the table in routes.ts. Content goes over the gateway, which has a port of its own.

import { ipfsJobRequestSchema, ipfsJobSchema, ipfsJobsSchema, ipfsStatusSchema } from './ipfs-schemas.ts'
import { route } from './route.ts'

export const ipfsRoutes = {
  'GET /api/ipfs': route({
    kind: 'json',
    id: 'ipfsStatus',
    summary: 'The gateway, the public DHT, and what went to and came from IPFS peers',
    status: 200,
    response: ipfsStatusSchema,
  }),
  'GET /api/ipfs/jobs': route({
    kind: 'json',
    id: 'ipfsJobs',
    summary: 'Gets by CID, imports and exports of CAR files, under way and ended',
    status: 200,
    response: ipfsJobsSchema,
  }),
  'POST /api/ipfs/jobs': route({
    kind: 'json',
    id: 'addIpfsJob',
    summary: 'Get a CID, import a CAR file, or export one',
    status: 201,
    request: ipfsJobRequestSchema,
    response: ipfsJobSchema,
  }),
  'GET /api/ipfs/jobs/:id': route({
    kind: 'json',
    id: 'ipfsJob',
    summary: 'One get, import or export',
    status: 200,
    response: ipfsJobSchema,
  }),
  'POST /api/ipfs/jobs/:id/cancel': route({
    kind: 'json',
    id: 'cancelIpfsJob',
    summary: 'End one; what has arrived stays for the next try',
    status: 200,
    response: ipfsJobSchema,
  }),
} as const
