// Calls about the wallet and the explorer.

import type { Http } from './http.ts'
import { callSlowTimeoutMs } from './limits.ts'
import type { ExplorerCalls, WalletCalls } from './wallet-types.ts'

export function createWalletCalls(http: Http): WalletCalls {
  return { ...createAccountCalls(http), ...createRequestCalls(http), ...createBookCalls(http) }
}

type Accounts = 'get' | 'chain' | 'chooseChain' | 'addAccount' | 'nameAccount' | 'receive' | 'history'
type Requests = 'requests' | 'request' | 'propose' | 'confirm' | 'refuse' | 'allowances' | 'allow'

function createAccountCalls(http: Http): Pick<WalletCalls, Accounts> {
  return {
    get: (id, { account, ...options } = {}) =>
      http.call('GET /api/communities/:id/wallet', { params: { id }, query: { account }, ...options }),
    chain: (id, options) => http.call('GET /api/communities/:id/wallet/chain', { params: { id }, ...options }),
    chooseChain: (id, outside, options) =>
      http.call('PUT /api/communities/:id/wallet/chain', { params: { id }, body: { outside }, ...options }),
    addAccount: (id, request, options) =>
      http.call('POST /api/communities/:id/wallet/accounts', { params: { id }, body: request, ...options }),
    nameAccount: (id, account, name, options) =>
      http.call('PATCH /api/communities/:id/wallet/accounts/:account', {
        params: { id, account: String(account) },
        body: { name },
        ...options,
      }),
    receive: (id, { account, amount, token, ...options } = {}) =>
      http.call('GET /api/communities/:id/wallet/receive', {
        params: { id },
        query: { account, amount, token },
        ...options,
      }),
    history: (id, { account, before, limit, ...options } = {}) =>
      http.call('GET /api/communities/:id/wallet/history', {
        params: { id },
        query: { account, before, limit },
        ...options,
      }),
  }
}

function createRequestCalls(http: Http): Pick<WalletCalls, Requests> {
  return {
    async requests(id, options) {
      return (await http.call('GET /api/communities/:id/wallet/requests', { params: { id }, ...options })).requests
    },
    request: (id, request, options) =>
      http.call('GET /api/communities/:id/wallet/requests/:request', { params: { id, request }, ...options }),
    propose: (id, proposal, options) =>
      http.call('POST /api/communities/:id/wallet/requests', { params: { id }, body: proposal, ...options }),
    confirm: (id, request, confirmation = {}, options) =>
      http.call('POST /api/communities/:id/wallet/requests/:request/confirm', {
        params: { id, request },
        body: confirmation,
        ...options,
      }),
    refuse: (id, request, options) =>
      http.call('POST /api/communities/:id/wallet/requests/:request/refuse', { params: { id, request }, ...options }),
    async allowances(id, options) {
      return (await http.call('GET /api/communities/:id/wallet/allowances', { params: { id }, ...options })).allowances
    },
    async allow(id, request, options) {
      const call = { params: { id }, body: request, ...options }
      return (await http.call('PUT /api/communities/:id/wallet/allowances', call)).allowances
    },
  }
}

function createBookCalls(http: Http): Pick<WalletCalls, 'contacts' | 'setContact' | 'setToken'> {
  return {
    async contacts(id, options) {
      return (await http.call('GET /api/communities/:id/wallet/contacts', { params: { id }, ...options })).contacts
    },
    async setContact(id, address, name, options) {
      const call = { params: { id, address }, body: { name }, ...options }
      return (await http.call('PUT /api/communities/:id/wallet/contacts/:address', call)).contacts
    },
    async setToken(id, contract, known, options) {
      const call = { params: { id, contract }, body: { known }, ...options }
      return (await http.call('PUT /api/communities/:id/wallet/tokens/:contract', call)).balances
    },
  }
}

export function createExplorerCalls(http: Http): ExplorerCalls {
  return {
    blocks: (id, { before, limit, ...options } = {}) =>
      http.call('GET /api/communities/:id/explorer/blocks', { params: { id }, query: { before, limit }, ...options }),
    block: (id, block, options) =>
      http.call('GET /api/communities/:id/explorer/blocks/:block', { params: { id, block }, ...options }),
    transaction: (id, hash, options) =>
      http.call('GET /api/communities/:id/explorer/transactions/:hash', { params: { id, hash }, ...options }),
    account: (id, address, options) =>
      http.call('GET /api/communities/:id/explorer/accounts/:address', { params: { id, address }, ...options }),
    accountTransactions: (id, address, { before, limit, ...options } = {}) =>
      http.call('GET /api/communities/:id/explorer/accounts/:address/transactions', {
        params: { id, address },
        query: { before, limit },
        ...options,
      }),
    source: (id, address, options) =>
      http.call('GET /api/communities/:id/explorer/accounts/:address/source', { params: { id, address }, ...options }),
    verify: (id, address, request, options) =>
      http.call('POST /api/communities/:id/explorer/accounts/:address/source', {
        params: { id, address },
        body: request,
        timeoutMs: callSlowTimeoutMs,
        ...options,
      }),
    async forgetSource(id, address, options) {
      const path = 'DELETE /api/communities/:id/explorer/accounts/:address/source'
      await http.call(path, { params: { id, address }, ...options })
    },
    setAbi: (id, address, abi, options) =>
      http.call('PUT /api/communities/:id/explorer/accounts/:address/abi', {
        params: { id, address },
        body: { abi },
        ...options,
      }),
    search: (id, q, options) =>
      http.call('GET /api/communities/:id/explorer/search', { params: { id }, query: { q }, ...options }),
  }
}
