// What the JSON routes of wallet and explorer do: one thin line each, as in handlers.ts.

import type { JsonHandlers } from './handlers.ts'
import type { JsonRouteKey } from './routes.ts'
import type { WalletServices } from './wallet-services.ts'

export type WalletKey = Extract<JsonRouteKey, `${string}/:id/wallet${string}` | `${string}/:id/explorer${string}`>

export function createWalletHandlers(wallet: WalletServices): Pick<JsonHandlers, WalletKey> {
  return {
    'GET /api/communities/:id/wallet': ({ params, query, isPerson }) =>
      wallet.view(params.id, query.account, { isPerson }),
    'GET /api/communities/:id/wallet/chain': async ({ params }) => ({ chain: await wallet.chain(params.id) }),
    'PUT /api/communities/:id/wallet/chain': async ({ params, body, isPerson }) => ({
      chain: await wallet.chooseChain(params.id, body.outside, { isPerson }),
    }),
    'POST /api/communities/:id/wallet/accounts': ({ params, body }) =>
      wallet.addAccount(params.id, body.name, body.passphrase),
    'PATCH /api/communities/:id/wallet/accounts/:account': ({ params, body }) =>
      wallet.nameAccount(params.id, Number(params.account), body.name),
    'GET /api/communities/:id/wallet/receive': ({ params, query }) => wallet.receive(params.id, query),
    'GET /api/communities/:id/wallet/requests': async ({ params }) => ({ requests: await wallet.requests(params.id) }),
    'POST /api/communities/:id/wallet/requests': ({ params, body, isPerson }) =>
      wallet.propose(params.id, body, { isPerson }),
    'GET /api/communities/:id/wallet/requests/:request': ({ params }) => wallet.request(params.id, params.request),
    'POST /api/communities/:id/wallet/requests/:request/confirm': ({ params, body, isPerson }) =>
      wallet.confirm(params.id, params.request, body, { isPerson }),
    'POST /api/communities/:id/wallet/requests/:request/refuse': ({ params }) =>
      wallet.refuse(params.id, params.request),
    'GET /api/communities/:id/wallet/allowances': async ({ params }) => ({
      allowances: await wallet.allowances(params.id),
    }),
    'PUT /api/communities/:id/wallet/allowances': async ({ params, body, isPerson }) => ({
      allowances: await wallet.allow(params.id, body, { isPerson }),
    }),
    'GET /api/communities/:id/wallet/history': ({ params, query }) => wallet.history(params.id, query),
    'GET /api/communities/:id/wallet/contacts': async ({ params }) => ({ contacts: await wallet.contacts(params.id) }),
    'PUT /api/communities/:id/wallet/contacts/:address': async ({ params, body }) => ({
      contacts: await wallet.setContact(params.id, params.address, body.name),
    }),
    'PUT /api/communities/:id/wallet/tokens/:contract': async ({ params, body }) => ({
      balances: await wallet.setToken(params.id, params.contract, body.known),
    }),

    'GET /api/communities/:id/explorer/blocks': ({ params, query }) => wallet.blocks(params.id, query),
    'GET /api/communities/:id/explorer/blocks/:block': ({ params }) => wallet.block(params.id, params.block),
    'GET /api/communities/:id/explorer/transactions/:hash': ({ params }) => wallet.transaction(params.id, params.hash),
    'GET /api/communities/:id/explorer/accounts/:address': ({ params }) => wallet.account(params.id, params.address),
    'GET /api/communities/:id/explorer/accounts/:address/transactions': ({ params, query }) =>
      wallet.accountTransactions(params.id, params.address, query),
    'GET /api/communities/:id/explorer/accounts/:address/source': ({ params }) =>
      wallet.source(params.id, params.address),
    'POST /api/communities/:id/explorer/accounts/:address/source': ({ params, body, isPerson }) =>
      wallet.verify(params.id, params.address, body, { isPerson }),
    'DELETE /api/communities/:id/explorer/accounts/:address/source': async ({ params, isPerson }) => {
      await wallet.forgetSource(params.id, params.address, { isPerson })
      return undefined
    },
    'PUT /api/communities/:id/explorer/accounts/:address/abi': ({ params, body, isPerson }) =>
      wallet.setAbi(params.id, params.address, body.abi, { isPerson }),
    'GET /api/communities/:id/explorer/search': ({ params, query }) => wallet.search(params.id, query.q),
  }
}
