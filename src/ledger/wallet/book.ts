// Whose address is whose: one's own accounts, names that the person wrote, accounts that members announced in the community.
// One's own names win; two members of one name are told apart by nobody, so such a name pays to no one.

import type { Address } from '../types.ts'
import { readAddress, shownAddress } from './address-core.ts'
import { walletErrors } from './errors.ts'
import { contactsMax, nameCharsMax } from './limits.ts'
import type { WalletStore } from './store.ts'
import { ownName } from './text-core.ts'
import type { AccountView, AnnouncedAccount, ContactView } from './types.ts'
import type { Book } from './words-core.ts'

export interface BookParts {
  readonly store: Pick<WalletStore, 'contacts' | 'setContact'>
  readonly announced: () => readonly AnnouncedAccount[]
  /** Named where they are seen, and no entries: nobody is paid there. */
  readonly validators: () => readonly AnnouncedAccount[]
  readonly own: () => readonly AccountView[]
  readonly system: { readonly address: Address; readonly name: string } | undefined
}

export function createBook({ store, announced, validators, own, system }: BookParts) {
  function contacts(): readonly ContactView[] {
    const selves = own().map(({ address, name }): ContactView => ({ address, name, source: 'self', person: null }))
    const written = store
      .contacts()
      .map(({ address, name }): ContactView => ({ address: shownAddress(address), name, source: 'own', person: null }))
    const members = announced().flatMap(({ address, person, name }): ContactView[] => {
      const known = readAddress(address)
      const shown = ownName(name, nameCharsMax)
      return known === undefined || shown === undefined
        ? []
        : [{ address: shownAddress(known), name: shown, source: 'member', person }]
    })
    const taken = new Set<string>()
    return [...selves, ...written, ...members].filter(({ address }) => !taken.has(address) && taken.add(address))
  }

  return {
    contacts,
    view(): Book {
      const all = contacts()
      const names = new Map<string, string>(
        all.map(({ address, name, source }) => [
          address.toLowerCase(),
          source === 'self' ? `your account ${name}` : name,
        ]),
      )
      for (const { address, name } of validators()) {
        const shown = ownName(name, nameCharsMax)
        if (shown !== undefined && !names.has(address)) names.set(address, `${shown}’s computer`)
      }
      if (system !== undefined) names.set(system.address, system.name)
      const selves = new Set(all.filter(({ source }) => source === 'self').map(({ address }) => address.toLowerCase()))
      return {
        nameOf: (address) => names.get(address),
        named(text) {
          const sought = text.trim().toLowerCase()
          const found = [...names].filter(([, name]) => [sought, `your account ${sought}`].includes(name.toLowerCase()))
          return found.map(([address]) => address as Address)
        },
        addresses: all.map(({ address }) => address.toLowerCase() as Address),
        isOwn: (address) => selves.has(address),
      }
    },
    byName(name: string): Address | undefined {
      const found = contacts().filter((one) => one.name.toLowerCase() === name.trim().toLowerCase())
      return found.length === 1 ? (found[0]?.address.toLowerCase() as Address) : undefined
    },
    /** An empty name takes the entry away. */
    set(address: Address, name: string): readonly ContactView[] {
      if (name.trim() === '') {
        store.setContact(address, undefined)
        return contacts()
      }
      const shown = ownName(name, nameCharsMax)
      if (shown === undefined || /^0x/i.test(shown))
        throw walletErrors.wallet_name_unusable('This is no name that can be used.')
      const present = store.contacts()
      if (present.length >= contactsMax && !present.some((one) => one.address === address)) {
        throw walletErrors.wallet_contacts_full(`The address book has ${present.length} entries already.`)
      }
      store.setContact(address, shown)
      return contacts()
    },
  }
}
