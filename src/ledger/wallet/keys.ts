// The keys of accounts, derived from the recovery phrase when something is signed (BIP-44: m/44'/60'/0'/0/i). Every computer of a
// person holds the phrase, sealed where a passphrase is set; it is in memory only while a key is made of it. What stays in memory
// is the key ring of an allowance that the person set, until the wallet stops.

import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { keccak256, serializeTransaction, type TransactionSerializableEIP1559 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Identity } from '../../identity/types.ts'
import type { Address, Hash } from '../types.ts'
import { shortAddress } from './address-core.ts'
import { walletErrors } from './errors.ts'

/** What an account signs with. Holds a key; never shown. */
export interface Signer {
  readonly address: Address
  transaction(transaction: TransactionSerializableEIP1559): Promise<{ raw: `0x${string}`; hash: Hash }>
  /** EIP-191, version 0x45. */
  message(bytes: Uint8Array): Promise<`0x${string}`>
  digest(digest: `0x${string}`): Promise<`0x${string}`>
}

export interface KeyRing {
  signer(index: number): Signer
}

export const accountPath = (index: number) => `m/44'/60'/0'/0/${index}`

/** Throws `passphrase_needed`, `passphrase_wrong`. */
export async function openKeyRing(
  identity: Pick<Identity, 'phrase'>,
  passphrase: string | undefined,
): Promise<KeyRing> {
  const seed = mnemonicToSeedSync(await identity.phrase(passphrase))
  const parent = HDKey.fromMasterSeed(seed).derive("m/44'/60'/0'/0")
  seed.fill(0)
  return { signer: (index) => signerOf(parent.deriveChild(index)) }
}

/** Throws `wallet_key_changed` where the phrase is another than the one whose account this is. */
export function checkSigner(signer: Signer, account: Address): Signer {
  if (signer.address === account) return signer
  throw walletErrors.wallet_key_changed(
    `The phrase on this computer does not give the account ${shortAddress(account)}.`,
  )
}

function signerOf(node: HDKey): Signer {
  const { privateKey } = node
  if (privateKey === null) throw new Error('assertion failed: a key derived from a seed is whole')
  const account = privateKeyToAccount(`0x${Buffer.from(privateKey).toString('hex')}`)
  return {
    address: account.address.toLowerCase() as Address,
    async transaction(transaction) {
      const raw = await account.signTransaction(transaction, { serializer: serializeTransaction })
      return { raw, hash: keccak256(raw) as Hash }
    },
    message: (bytes) => account.signMessage({ message: { raw: bytes } }),
    digest: (digest) => account.sign({ hash: digest }),
  }
}
