// What the commands of a ledger have in common: whose ledger is meant, whose account, and the passphrase where one is needed.

import type { Community, Ledger } from '../sdk/types.ts'
import { askHidden } from './ask.ts'
import { chooseCommunity, type Work } from './community.ts'
import type { CommonOptions } from './context.ts'
import { cliErrors } from './errors.ts'
import { selectNamed } from './select.ts'

export interface LedgerOptions extends CommonOptions {
  readonly community?: string
}

export const communityOption = ['--community <name>', 'whose ledger (default: the only one there is)'] as const

/** Throws `unknown_name`, `ambiguous_name`, `usage` where it has to be said. */
export async function chooseLedger(work: Work<LedgerOptions>): Promise<{ community: Community; ledger: Ledger }> {
  const { daemon, call, options } = work
  if (options.community !== undefined) {
    const community = await chooseCommunity(work, options.community)
    return { community, ledger: await daemon.ledger.get(community.id, call) }
  }
  const all = (await daemon.communities.list(call)).filter(
    ({ purpose, phase }) => purpose !== 'direct' && phase === 'open',
  )
  const found = await Promise.all(
    all.map(async (community) => ({ community, ledger: await daemon.ledger.get(community.id, call) })),
  )
  const [only, ...others] = found.filter(({ ledger }) => ledger.founded !== null)
  if (only !== undefined && others.length === 0) return only
  const [single, ...more] = found
  if (only === undefined && single !== undefined && more.length === 0) return single
  throw cliErrors.usage(
    only === undefined
      ? 'No community here has a ledger; name one with --community.'
      : 'Name the community with --community.',
  )
}

/** Asks for the passphrase of the keystore when the daemon says that it needs it. */
export async function withPassphrase<Result>(
  { context }: Work<CommonOptions>,
  call: (passphrase: { readonly passphrase?: string }) => Promise<Result>,
): Promise<Result> {
  const { passphrase } = context.environment
  if (passphrase !== undefined) return call({ passphrase })
  try {
    return await call({})
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const isLocked = code === 'ledger_account_locked' || code === 'passphrase_needed'
    if (!isLocked || !context.terminal.canAsk) throw error
    return call({ passphrase: await askHidden(context, 'Passphrase of your keystore: ') })
  }
}

/** An address, a member by name, or this person. */
export async function addressOf(work: Work<LedgerOptions>, ledger: Ledger, who: string | undefined): Promise<string> {
  if (who === undefined) {
    if (ledger.account !== null) return ledger.account
    throw cliErrors.usage('Your account is not told to the community yet: name an address.')
  }
  if (who.startsWith('0x')) return who
  const { accounts } = await work.daemon.ledger.accounts(ledger.community, { limit: 100 }, work.call)
  const named = accounts.filter(({ validator }) => !validator).map((one) => ({ ...one, id: one.address }))
  return selectNamed(named, who.replace(/^@/, ''), 'account').address
}

export interface NamedValidator {
  readonly id: string
  readonly name: string
  readonly peerId: string
}

/** Called `person/device`, by peer id, or by the address they vote under. */
export async function namedValidators(
  { validators }: Ledger,
  members: readonly { readonly name: string; readonly devices: readonly { peerId: string; name: string }[] }[],
  all = false,
): Promise<readonly NamedValidator[]> {
  return validators.flatMap(({ peerId, name, willing }) => {
    if (peerId === null || (!willing && !all)) return []
    const device = members.flatMap(({ devices }) => devices).find((one) => one.peerId === peerId)
    return [{ id: peerId, name: device === undefined ? name : `${name}/${device.name}`, peerId }]
  })
}
