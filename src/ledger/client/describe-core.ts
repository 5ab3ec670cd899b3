// What a chain is, and what that means for those who rely on it, in plain words. Pure.

import { shownAddress } from './settings-core.ts'
import type { Description, OutsideChain, OwnChain } from './types.ts'

const lightSentence =
  'In light mode this computer holds no blocks of it: it believes what others prove, and can’t see what all of them keep back.'

export function describeOwn(chain: OwnChain): Description {
  const { chainId, name, coin } = chain
  const validators = chain.validators()
  const isTrusted = validators < 4
  const liars = Math.floor((validators - 1) / 3)
  const who = validators === 1 ? 'one computer' : `${validators} computers`
  const sentence = isTrusted
    ? `The community’s own chain, in trusted mode: ${who} of its members decide${validators === 1 ? 's' : ''}, and none of them may be wrong.`
    : `The community’s own chain: ${who} of its members decide, and up to ${liars} of them may be wrong or gone.`
  const light = chain.isLight?.() === true ? ` ${lightSentence}` : ''
  const warnings = [
    ...(isTrusted
      ? ['Trusted mode: with fewer than four validators a single one that lies or is gone can stop the chain.']
      : []),
    ...(chain.verifies() ? [] : ['This computer is still catching up: what it shows may be old.']),
  ]
  return {
    kind: 'own',
    chainId,
    name,
    coin,
    trust: isTrusted ? 'trusted' : 'validators',
    validators,
    address: undefined,
    sentence: `${sentence}${light}`,
    warnings,
  }
}

export function describeOutside(chain: OutsideChain): Description {
  const { chainId, name, coin, rpc } = chain
  const address = shownAddress(rpc)
  return {
    kind: 'outside',
    chainId,
    name,
    coin,
    trust: 'operator',
    validators: undefined,
    address,
    sentence: `An outside chain, ${name} (chain id ${chainId}), as ${address} tells it.`,
    warnings: [
      `The operator of ${address} can lie about balances and history, hold transactions back, and sees which accounts are yours. They can’t spend your money.`,
      ...(rpc.startsWith('http:') ? ['It is a node on this computer.'] : []),
    ],
  }
}
